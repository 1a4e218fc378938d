import * as tf from "@tensorflow/tfjs";
import { Module } from "./module.ts";

/** max(x, 0), as `torch.nn.ReLU` (book appendix A.5). */
export class ReLU extends Module {
  forward<T extends tf.Tensor>(x: T): T {
    return tf.relu(x);
  }
}
