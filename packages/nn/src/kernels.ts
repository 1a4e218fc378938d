import * as tf from "@tensorflow/tfjs";
import "./quiet-cpu.ts";

/**
 * Kernels that a backend may register (`tf.registerKernel`) to do better than the composed formulas of `functional`.
 * Each is optional; all tensors are float32 unless said otherwise. Gradients are attached by `functional`, so a kernel needs
 * none of its own.
 *
 * | kernel | inputs | attributes | outputs |
 * |---|---|---|---|
 * | `LLMMatMul` | a, b: matrices | transposeA, transposeB: boolean | a · b, as tf.matMul |
 * | `LLMLayerNorm` | x [n, d], scale [d], shift [d] | epsilon: number | [y [n, d], mean [n, 1], rstd [n, 1] = 1 / √(variance + ε)] |
 * | `LLMLayerNormGrad` | dy [n, d], x [n, d], scale [d], mean [n, 1], rstd [n, 1] | – | [dx [n, d], dscale [d], dshift [d]] |
 * | `LLMGelu` | x, any shape | – | GPT-2's tanh GELU of x |
 * | `LLMGeluGrad` | dy, x, same shape | – | dx |
 * | `LLMSoftmaxGrad` | dy, y (the softmax), same shape, along the last axis | – | dx |
 * | `LLMSparseSoftmaxCrossEntropy` | logits [n, v], labels int32 [n], all in 0 … v − 1 | – | [loss [n], dlogits [n, v] = softmax − one-hot] |
 * | `LLMEmbeddingGrad` | dy [n, d], ids int32 [n] | numEmbeddings: number | [numEmbeddings, d]: rows of dy summed by id |
 * | `LLMDropout` | x, any shape; seed int32 scalar | rate: number, site: number | x · mask / (1 − rate); the mask depends on seed, site and shape alone, so that the gradient is the same kernel on dy |
 */
export const KERNELS = {
  matMul: "LLMMatMul",
  layerNorm: "LLMLayerNorm",
  layerNormGrad: "LLMLayerNormGrad",
  gelu: "LLMGelu",
  geluGrad: "LLMGeluGrad",
  softmaxGrad: "LLMSoftmaxGrad",
  sparseSoftmaxCrossEntropy: "LLMSparseSoftmaxCrossEntropy",
  embeddingGrad: "LLMEmbeddingGrad",
  dropout: "LLMDropout",
} as const;

/**
 * Kernels that only a step compiler has, while it records a function.
 *
 * | kernel | inputs | attributes | outputs |
 * |---|---|---|---|
 * | `LLMHostTensor` | – | compute: () => typed array; shape; dtype | what `compute` gives at each run, see `hostTensor` |
 * | `LLMAdamW` | parameter, m, v, grad, same shape; scalars keep, stepSize, correction, see `AdamWScalars` | beta1, beta2, eps: number | [parameter, m, v] after the step |
 * | `LLMSliceUpdate` | whole; part, its shape but for the axis; start int32 scalar | axis: number | whole with part written at start, see `writeSlice` |
 */
export const RECORDING_KERNELS = {
  hostTensor: "LLMHostTensor",
  adamW: "LLMAdamW",
  sliceUpdate: "LLMSliceUpdate",
} as const;

/** Whether the current backend has registered the kernel. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs a registered kernel on the current backend. */
export function runKernel<T extends tf.Tensor | tf.Tensor[]>(
  name: string,
  inputs: tf.NamedTensorMap,
  attributes: tf.NamedAttrMap = {},
): T {
  return tf.engine().runKernel<T>(name, inputs, attributes);
}
