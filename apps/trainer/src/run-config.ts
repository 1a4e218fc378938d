import { GPT_CONFIGS } from "@scratch-llm/gpt";
import { z } from "zod";
import type { RunPreset } from "./preset-names.ts";

/** A whole number of at least 1. */
export const count = z.int().positive();
const fraction = z.number().gt(0).lt(1);

/** The model, as chapter 4's configuration names it. `vocabSize` follows from the tokenizer. */
const ModelSettings = z.strictObject({
  contextLength: count,
  embDim: count,
  nHeads: count,
  nLayers: count,
  dropRate: z.number().min(0).lt(1),
  qkvBias: z.boolean(),
  tieWeights: z.boolean().default(false),
});

const TokenizerSettings = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("gpt2") }),
  z.strictObject({ kind: z.literal("bpe"), vocabSize: z.int().min(257) }),
]);

const DataSettings = z.strictObject({
  /** Share of the characters that is trained on; the rest validates. */
  trainFraction: fraction,
  /** Tokens from one window's start to the next. */
  stride: count,
});

/** How the training loop runs, whatever it trains on. */
export const TrainSettings = z.strictObject({
  batchSize: count,
  epochs: count,
  /** Ends the run early, whatever epochs says. */
  maxSteps: count.optional(),
  maxMinutes: z.number().positive().optional(),
  learningRate: z.number().positive(),
  /** Where the cosine ends; equal to the learning rate = constant. */
  minLearningRate: z.number().min(0),
  warmupSteps: z.int().min(0),
  weightDecay: z.number().min(0),
  /** Largest norm of the gradient; 0 = no clipping. */
  clipNorm: z.number().min(0),
  accumulationSteps: count,
  /** "torch": PyTorch's own masks; "fast": the backend's. */
  dropout: z.enum(["torch", "fast"]),
  /** "bf16": matrix products in bfloat16. */
  precision: z.enum(["f32", "bf16"]).default("f32"),
  /** "block": what a transformer block computes is computed again for the gradient instead of kept. */
  recompute: z.enum(["none", "block"]).default("none"),
  evalEvery: count,
  evalBatches: count,
  /** Steps between samples; 0 = after each epoch. */
  sampleEvery: z.int().min(0),
  startContext: z.string().min(1),
  /** Steps between checkpoints; 0 = only at the end. */
  checkpointEvery: z.int().min(0),
  keepLast: count,
});

/** Everything that decides a pretraining run. */
export const RunConfig = z.strictObject({
  seed: z.int().min(0).max(0xffff_ffff),
  model: ModelSettings,
  tokenizer: TokenizerSettings,
  data: DataSettings,
  train: TrainSettings,
});
export type RunConfig = z.infer<typeof RunConfig>;
export type TrainSettings = z.infer<typeof TrainSettings>;

type ModelPreset = keyof typeof GPT_CONFIGS;

function modelSettings(preset: ModelPreset, changes: Partial<RunConfig["model"]> = {}): RunConfig["model"] {
  const { vocabSize: _, ...settings } = GPT_CONFIGS[preset];
  return { ...settings, tieWeights: false, ...changes };
}

/** What the loops of chapters 5 to 7 have in common: a constant rate, no clipping, PyTorch's dropout. */
export const BOOK_TRAINING = {
  warmupSteps: 0,
  weightDecay: 0.1,
  clipNorm: 0,
  accumulationSteps: 1,
  dropout: "torch",
  precision: "f32",
  recompute: "none",
  checkpointEvery: 0,
  keepLast: 2,
} as const satisfies Partial<TrainSettings>;

/** Chapter 5's run: `GPT_CONFIG_124M` with a context of 256, AdamW, ten epochs, no schedule. */
const BOOK_CH05: RunConfig = {
  seed: 123,
  model: modelSettings("gpt2-124M", { contextLength: 256, qkvBias: false }),
  tokenizer: { kind: "gpt2" },
  data: { trainFraction: 0.9, stride: 256 },
  train: {
    ...BOOK_TRAINING,
    batchSize: 2,
    epochs: 10,
    learningRate: 4e-4,
    minLearningRate: 4e-4,
    evalEvery: 5,
    evalBatches: 5,
    sampleEvery: 0,
    startContext: "Every effort moves you",
  },
};

/** The built-in text, small enough for a minute or two on a laptop. */
const QUICKSTART: RunConfig = {
  seed: 123,
  model: modelSettings("tiny", { dropRate: 0 }), // learns the phrases of a short text by heart
  tokenizer: { kind: "bpe", vocabSize: 1536 },
  data: { trainFraction: 0.95, stride: 64 },
  train: {
    ...BOOK_TRAINING,
    batchSize: 8,
    epochs: 1000,
    maxSteps: 400,
    learningRate: 3e-3,
    minLearningRate: 1e-4,
    warmupSteps: 20,
    clipNorm: 1,
    dropout: "fast",
    evalEvery: 50,
    evalBatches: 4,
    sampleEvery: 200,
    startContext: "The Patience",
  },
};

/** The settings of every run preset. */
export const RUN_PRESETS: Readonly<Record<RunPreset, RunConfig>> = {
  quickstart: QUICKSTART,
  "book-ch05": BOOK_CH05,
};
