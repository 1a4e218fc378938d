import type { RunSettings, TuningSettings } from "./protocol.ts";

/** Most tokens of a text that are shown one by one. */
export const SHOWN_TOKENS = 128;

/** A training that shows something within a minute on WASM: half a million weights, the built-in texts. */
export const DEFAULT_RUN: RunSettings = {
  seed: 123,
  model: { contextLength: 64, embDim: 96, nHeads: 4, nLayers: 2, dropRate: 0, qkvBias: false, tieWeights: false },
  tokenizer: { kind: "bpe", vocabSize: 1024 },
  data: { trainFraction: 0.95, stride: 64 },
  train: {
    batchSize: 8,
    epochs: 1000,
    maxSteps: 400,
    learningRate: 3e-3,
    minLearningRate: 1e-4,
    warmupSteps: 20,
    weightDecay: 0.1,
    clipNorm: 1,
    accumulationSteps: 1,
    dropout: "fast",
    evalEvery: 20,
    evalBatches: 2,
    sampleEvery: 50,
    startContext: "The Patience",
    checkpointEvery: 0,
    keepLast: 2,
  },
};

/** What the trainer's quickstart presets of `train classify` and `train instruct` come to, instructions with LoRA. */
export const DEFAULT_TUNING: Readonly<Record<"classify" | "instruct", TuningSettings>> = {
  classify: {
    seed: 123,
    epochs: 6,
    batchSize: 8,
    learningRate: 5e-4,
    maxLength: 64,
    trainable: "all",
    rank: 16,
    alpha: 16,
  },
  instruct: {
    seed: 123,
    epochs: 4,
    batchSize: 8,
    learningRate: 2e-3,
    maxLength: 128,
    trainable: "lora",
    rank: 16,
    alpha: 16,
  },
};
