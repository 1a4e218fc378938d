import { KERNELS } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { gelu, geluGrad } from "../gelu.ts";
import { replaceKernel } from "../replace-kernel.ts";
import { sparseSoftmaxCrossEntropy } from "./cross-entropy.ts";
import { batchMatMul } from "./mat-mul.ts";
import { embeddingGrad, unsortedSegmentSum } from "./segment-sum.ts";
import { sumKernel } from "./sum.ts";

/** Registers what TensorFlow.js's WASM backend lacks or has in a slow form, and nn's kernels where they are faster. */
export function registerWasmKernels(): void {
  if (tf.getKernel(tf.UnsortedSegmentSum, "wasm")) return; // done before
  replaceKernel(tf.UnsortedSegmentSum, "wasm", unsortedSegmentSum);
  replaceKernel(tf.BatchMatMul, "wasm", batchMatMul);
  replaceKernel(tf.Sum, "wasm", sumKernel(tf.getKernel(tf.Sum, "wasm").kernelFunc));
  replaceKernel(KERNELS.gelu, "wasm", gelu);
  replaceKernel(KERNELS.geluGrad, "wasm", geluGrad);
  replaceKernel(KERNELS.sparseSoftmaxCrossEntropy, "wasm", sparseSoftmaxCrossEntropy);
  replaceKernel(KERNELS.embeddingGrad, "wasm", embeddingGrad);
}
