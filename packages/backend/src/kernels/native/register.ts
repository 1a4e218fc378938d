import { KERNELS } from "@scratch-llm/nn";
import { NATIVE } from "../../compile/native-backend.ts";
import { gelu, geluGrad } from "../gelu.ts";
import { replaceKernel } from "../replace-kernel.ts";
import { dropout, embeddingGrad, matMul, sparseSoftmaxCrossEntropy } from "./kernels.ts";

/** Registers the kernels of nn that are faster than its composed formulas on native TensorFlow. */
export function registerNativeKernels(): void {
  replaceKernel(KERNELS.matMul, NATIVE, matMul);
  replaceKernel(KERNELS.gelu, NATIVE, gelu);
  replaceKernel(KERNELS.geluGrad, NATIVE, geluGrad);
  replaceKernel(KERNELS.sparseSoftmaxCrossEntropy, NATIVE, sparseSoftmaxCrossEntropy);
  replaceKernel(KERNELS.embeddingGrad, NATIVE, embeddingGrad);
  replaceKernel(KERNELS.dropout, NATIVE, dropout);
}
