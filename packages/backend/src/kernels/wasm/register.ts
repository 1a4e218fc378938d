import * as tf from "@tensorflow/tfjs";
import { replaceKernel } from "../replace-kernel.ts";
import { batchMatMul } from "./mat-mul.ts";
import { unsortedSegmentSum } from "./segment-sum.ts";

/** Registers the kernels that TensorFlow.js's WASM backend lacks or has in a slow form. */
export function registerWasmKernels(): void {
  replaceKernel(tf.BatchMatMul, "wasm", batchMatMul);
  replaceKernel(tf.UnsortedSegmentSum, "wasm", unsortedSegmentSum);
}
