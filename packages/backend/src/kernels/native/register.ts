import { KERNELS } from "@scratch-llm/nn";
import { NATIVE } from "../../compile/native-backend.ts";
import { gelu, geluGrad } from "../gelu.ts";
import * as fused from "./fused.ts";
import { replaceKernel } from "../replace-kernel.ts";
import { dropout, embeddingGrad, matMul, sparseSoftmaxCrossEntropy } from "./kernels.ts";

/**
 * Registers the kernels of nn that are faster than its composed formulas on native TensorFlow; `isFused` says whether
 * TensorFlow has the operations of kernels.cc.
 */
export function registerNativeKernels(isFused: boolean): void {
  replaceKernel(KERNELS.matMul, NATIVE, matMul);
  replaceKernel(KERNELS.gelu, NATIVE, isFused ? fused.gelu : gelu);
  replaceKernel(KERNELS.geluGrad, NATIVE, isFused ? fused.geluGrad : geluGrad);
  replaceKernel(KERNELS.sparseSoftmaxCrossEntropy, NATIVE, isFused ? fused.crossEntropy : sparseSoftmaxCrossEntropy);
  replaceKernel(KERNELS.embeddingGrad, NATIVE, embeddingGrad);
  replaceKernel(KERNELS.dropout, NATIVE, dropout);
  if (!isFused) return;
  replaceKernel(KERNELS.layerNorm, NATIVE, fused.layerNorm);
  replaceKernel(KERNELS.layerNormGrad, NATIVE, fused.layerNormGrad);
  replaceKernel(KERNELS.softmaxGrad, NATIVE, fused.softmaxGrad);
}
