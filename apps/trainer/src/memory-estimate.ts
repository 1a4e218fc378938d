import { countParameters, type GPTConfig } from "@scratch-llm/gpt";
import type { BackendName } from "@scratch-llm/backend/node";

const BYTES = 4;

/** Copies of the weights that a step holds at its peak: weights, gradients, two moments, and the update under way. */
const WEIGHT_COPIES = 5;

/**
 * Values of each kind that one step of TensorFlow.js keeps for the backward pass, per block and for the head.
 * Fitted to measured peaks of resident memory (bench/memory.ts).
 */
const KEPT_PER_BLOCK = { embDim: 44, attention: 5 } as const;
const KEPT_LOGITS = 5;

/** Memory of the process before the first tensor. */
const BASE_BYTES: Readonly<Record<BackendName, number>> = { native: 4e8, wasm: 2e8, webgpu: 3e8, cpu: 2e8 };

/**
 * Memory in bytes that a training step of this model needs at its peak, without recomputation.
 * It is an estimate on the safe side, made before anything is allocated.
 */
export function estimateTrainingMemory(config: GPTConfig, batchSize: number, backend: BackendName): number {
  const { contextLength: t, embDim, nHeads, nLayers, vocabSize } = config;
  const tokens = batchSize * t;
  const block = KEPT_PER_BLOCK.embDim * tokens * embDim + KEPT_PER_BLOCK.attention * batchSize * nHeads * t * t;
  const values = WEIGHT_COPIES * countParameters(config) + nLayers * block + KEPT_LOGITS * tokens * vocabSize;
  return BASE_BYTES[backend] + BYTES * values;
}
