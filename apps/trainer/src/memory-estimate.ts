import { countParameters, type GPTConfig } from "@scratch-llm/gpt";
import type { BackendName } from "@scratch-llm/backend/node";

const BYTES = 4;

/** How a step is computed: as one recorded graph, or one operation at a time. */
export type StepKind = "compiled" | "eager";

/**
 * What a step holds at its peak, in units of what it is named after. Fitted to measured peaks of resident memory: 124M with
 * 2 × 256 tokens takes 4.4 GB compiled and 7.9 GB eagerly on native TensorFlow.
 */
const HELD: Readonly<Record<StepKind, { weights: number; embDim: number; attention: number; logits: number }>> = {
  compiled: { weights: 4.5, embDim: 44, attention: 5, logits: 3 },
  eager: { weights: 6, embDim: 110, attention: 14, logits: 5 },
};

/** Memory of the process before the first tensor. */
const BASE_BYTES: Readonly<Record<BackendName, number>> = { native: 4e8, wasm: 2e8, webgpu: 3e8, cpu: 2e8 };

/**
 * Memory in bytes that a training step of this model needs at its peak, without recomputation.
 * It is an estimate on the safe side, made before anything is allocated. Weights that are not trained lie there once.
 */
export function estimateTrainingMemory(
  config: GPTConfig,
  batchSize: number,
  backend: BackendName,
  kind: StepKind,
  trainable: number = countParameters(config),
): number {
  const { contextLength: t, embDim, nHeads, nLayers, vocabSize } = config;
  const held = HELD[backend === "native" ? kind : "eager"];
  const tokens = batchSize * t;
  const block = held.embDim * tokens * embDim + held.attention * batchSize * nHeads * t * t;
  const weights = countParameters(config) + (held.weights - 1) * trainable;
  const values = weights + nLayers * block + held.logits * tokens * vocabSize;
  return BASE_BYTES[backend] + BYTES * values;
}
