import { z } from "zod";
import type { DPO_PRESET_NAMES, INSTRUCT_PRESET_NAMES } from "../preset-names.ts";
import { BOOK_TRAINING, count, TrainSettings } from "../run-config.ts";
import { fraction, TUNING_FIELDS } from "./tuning-config.ts";

/** A format by name (`alpaca`, `phi3`), or as data: a template, or a Hugging Face chat template. */
export const FormatSetting = z.union([
  z.string().min(1),
  z.strictObject({ instruction: z.string(), input: z.string(), response: z.string() }),
  z.object({ chat_template: z.string(), bos_token: z.string().nullish(), eos_token: z.string().nullish() }),
]);
export type FormatSetting = z.infer<typeof FormatSetting>;

const SHARED = {
  ...TUNING_FIELDS,
  data: z.strictObject({
    /** Shares of the entries; the rest validates. */
    trainFraction: fraction,
    testFraction: fraction,
    /** Also `chat` (the model's own chat template) or a file with a format, whose contents then stand here. */
    format: FormatSetting,
    /** Longest text in tokens; the model's context is another limit. */
    maxLength: count,
    /** Learn the answers alone and not the prompts. */
    maskPrompts: z.boolean(),
    /** Widths are rounded up to a multiple of it, so that a compiled step is recorded less often. */
    padToMultipleOf: count,
  }),
  train: TrainSettings.omit({ startContext: true }),
  /** Answers written down at the end. */
  responses: z.strictObject({ count: z.int().min(0), maxNewTokens: count }),
};

/** Everything that decides a run of `train instruct`. */
export const InstructConfig = z.strictObject(SHARED);
export type InstructConfig = z.infer<typeof InstructConfig>;

/** Everything that decides a run of `train dpo`. */
export const DpoConfig = z.strictObject({ ...SHARED, beta: z.number().positive() });
export type DpoConfig = z.infer<typeof DpoConfig>;

/** Chapter 7's run: all weights, two epochs, the loss over prompts and answers. */
const BOOK_CH07: InstructConfig = {
  seed: 123,
  model: { dropRate: 0 },
  data: {
    trainFraction: 0.85,
    testFraction: 0.1,
    format: "alpaca",
    maxLength: 1024,
    maskPrompts: false,
    padToMultipleOf: 16,
  },
  lora: null,
  train: {
    ...BOOK_TRAINING,
    batchSize: 8,
    epochs: 2,
    learningRate: 5e-5,
    minLearningRate: 5e-5,
    evalEvery: 5,
    evalBatches: 5,
    sampleEvery: 0,
  },
  responses: { count: 3, maxNewTokens: 256 },
};

/** The built-in tasks on the quickstart's small model; a short format leaves room in its context. */
const QUICKSTART: InstructConfig = {
  ...BOOK_CH07,
  data: { ...BOOK_CH07.data, format: "phi3", maskPrompts: true },
  train: {
    ...BOOK_CH07.train,
    epochs: 4,
    learningRate: 1e-3,
    minLearningRate: 1e-4,
    warmupSteps: 10,
    clipNorm: 1,
    dropout: "fast",
    evalEvery: 20,
  },
  responses: { count: 6, maxNewTokens: 40 },
};

/** The settings of every preset of `train instruct`. */
export const INSTRUCT_PRESETS: Readonly<Record<(typeof INSTRUCT_PRESET_NAMES)[number], InstructConfig>> = {
  quickstart: QUICKSTART,
  "book-ch07": BOOK_CH07,
};

/** The settings of every preset of `train dpo`; `book-dpo` is the DPO notebook's run. */
export const DPO_PRESETS: Readonly<Record<(typeof DPO_PRESET_NAMES)[number], DpoConfig>> = {
  quickstart: {
    ...QUICKSTART,
    data: { ...QUICKSTART.data, testFraction: 0 },
    train: {
      ...QUICKSTART.train,
      epochs: 4,
      learningRate: 1e-4,
      minLearningRate: 1e-5,
      weightDecay: 0.01,
      evalEvery: 6,
    },
    beta: 0.1,
  },
  "book-dpo": {
    ...BOOK_CH07,
    data: { ...BOOK_CH07.data, maskPrompts: true },
    train: { ...BOOK_CH07.train, epochs: 1, learningRate: 5e-6, minLearningRate: 5e-6, weightDecay: 0.01 },
    beta: 0.1,
  },
};
