import * as tf from "@tensorflow/tfjs";
import { valuesOf } from "./wasm-backend.ts";
import type { WasmBackend } from "./wasm-backend.ts";

interface CrossEntropyArgs {
  readonly inputs: { readonly logits: tf.TensorInfo; readonly labels: tf.TensorInfo };
  readonly backend: WasmBackend;
}

/** Below this a float32 probability may have lost digits. */
const SMALL = 1e-30;

/**
 * nn's `LLMSparseSoftmaxCrossEntropy` for WASM: [loss, softmax − one-hot]. The softmax is XNNPACK's; per row only the label's
 * probability is then looked at, so there is neither a one-hot matrix nor WASM's slow exp.
 */
export function sparseSoftmaxCrossEntropy({ inputs: { logits, labels }, backend }: CrossEntropyArgs): tf.TensorInfo[] {
  const [rows, classes] = logits.shape as [number, number];
  const softmax = tf.getKernel(tf.Softmax, "wasm").kernelFunc;
  const gradient = softmax({ inputs: { logits }, attrs: { dim: 1 }, backend }) as tf.TensorInfo;
  const loss = backend.makeOutput([rows], "float32");
  const losses = valuesOf(backend, loss, "float32");
  const probabilities = valuesOf(backend, gradient, "float32");
  const scores = valuesOf(backend, logits, "float32");
  valuesOf(backend, labels, "int32").forEach((label, row) => {
    const index = row * classes + label;
    const probability = probabilities[index] as number;
    losses[row] =
      probability > SMALL
        ? -Math.log(probability)
        : logSumExp(scores.subarray(row * classes, (row + 1) * classes)) - (scores[index] as number);
    probabilities[index] = probability - 1;
  });
  return [loss, gradient];
}

function logSumExp(scores: Float32Array): number {
  const largest = scores.reduce((a, b) => Math.max(a, b));
  return largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0));
}
