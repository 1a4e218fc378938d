import * as tf from "@tensorflow/tfjs";
import { replaceKernel } from "../replace-kernel.ts";
import { addNKernel } from "./add-n.ts";

let isDone = false;

/** Replaces what is wrong in TensorFlow.js's WebGPU backend. */
export function registerWebgpuKernels(): void {
  if (isDone) return;
  replaceKernel(tf.AddN, "webgpu", addNKernel(tf.getKernel(tf.AddN, "webgpu").kernelFunc));
  isDone = true;
}
