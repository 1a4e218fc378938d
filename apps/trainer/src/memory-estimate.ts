import { countParameters, type GPTConfig } from "@scratch-llm/gpt";
import type { BackendName } from "@scratch-llm/backend/node";
import type { ComputeOptions } from "./step-compiler.ts";

const BYTES = 4;

/** How a step is computed: as one recorded graph, the same with recomputation, or one operation at a time. */
export type StepKind = "compiled" | "recomputed" | "eager";

/** The kind of step that the options ask for. */
export function stepKind({ eager, recompute }: ComputeOptions): StepKind {
  if (eager) return "eager";
  return recompute === "block" ? "recomputed" : "compiled";
}

/** What a step holds at its peak, in units of what it is named after. */
interface Held {
  readonly weights: number;
  readonly embDim: number;
  readonly attention: number;
  /** More of what attention holds, where there is dropout. */
  readonly dropout: number;
  readonly logits: number;
  /** Logits beyond this are computed in parts. */
  readonly maxLogitsBytes: number;
}

/** Of one recorded graph. */
const COMPILED: Held = { weights: 4.7, embDim: 30, attention: 1, dropout: 1, logits: 3, maxLogitsBytes: 2 ** 27 };

/**
 * Fitted to measured peaks of resident memory. 124M with 2 × 256 tokens takes 4.4 GB compiled and 7.9 GB eagerly on native
 * TensorFlow; with 4 × 1024 tokens, where attention is one operation, 6.8 GB compiled, 9.4 GB with dropout, and 5.8 GB with
 * recomputation; 8.9 GB compiled where it is not.
 */
const HELD: Readonly<Record<StepKind, Held>> = {
  compiled: COMPILED,
  recomputed: { ...COMPILED, embDim: 14, attention: 0.2, dropout: 0 },
  eager: { weights: 6, embDim: 110, attention: 14, dropout: 0, logits: 5, maxLogitsBytes: Infinity },
};

/** Memory of the process before the first tensor. */
const BASE_BYTES: Readonly<Record<BackendName, number>> = { native: 4e8, wasm: 2e8, webgpu: 3e8, cpu: 2e8 };

/**
 * Memory in bytes that a training step of this model needs at its peak.
 * It is an estimate on the safe side, made before anything is allocated. Weights that are not trained lie there once.
 */
export function estimateTrainingMemory(
  config: GPTConfig,
  batchSize: number,
  backend: BackendName,
  kind: StepKind,
  trainable: number = countParameters(config),
): number {
  const { contextLength: t, dropRate, embDim, nHeads, nLayers, vocabSize } = config;
  const held = HELD[backend === "native" ? kind : "eager"];
  const tokens = batchSize * t;
  const attention = held.attention + (dropRate > 0 ? held.dropout : 0);
  const block = held.embDim * tokens * embDim + attention * batchSize * nHeads * t * t;
  const weights = countParameters(config) + (held.weights - 1) * trainable;
  const logitsBytes = Math.min(BYTES * tokens * vocabSize, held.maxLogitsBytes);
  return Math.round(BASE_BYTES[backend] + BYTES * (weights + nLayers * block) + held.logits * logitsBytes);
}
