import { Module } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";

/** GELU in its tanh approximation, the activation of GPT-2 (book section 4.3; arXiv 1606.08415, section 2). */
export class GELU extends Module {
  /** x: any shape → same shape. */
  forward<T extends tf.Tensor>(x: T): T {
    const cube = x.mul(x).mul(x); // pow(x, 3) is many times slower
    const inner = x.add(cube.mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
    return x.mul(0.5).mul(inner.tanh().add(1));
  }
}
