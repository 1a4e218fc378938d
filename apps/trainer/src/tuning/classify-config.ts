import { z } from "zod";
import { CLASSIFY_PRESET_NAMES, TOKEN_POSITIONS, TRAINABLE_LAYERS } from "../preset-names.ts";
import { BOOK_TRAINING, count } from "../run-config.ts";
import { fraction, TUNING_FIELDS } from "./tuning-config.ts";

/** Everything that decides a run of `train classify`. */
export const ClassifyConfig = z.strictObject({
  ...TUNING_FIELDS,
  data: z.strictObject({
    /** As many texts of every class as the smallest has (section 6.2). */
    balance: z.boolean(),
    /** Shares of the texts; the rest tests. */
    trainFraction: fraction,
    validationFraction: fraction,
    /** Tokens per text: as many as the longest to train on has, as the model's context has, or a number. */
    maxLength: z.union([count, z.enum(["longest", "context"])]),
    /** Fill texts up to that length; without, they keep their own, and a batch has one. */
    padding: z.boolean(),
  }),
  /** What is trained besides the new head; LoRA takes its place. */
  trainable: z.enum(TRAINABLE_LAYERS),
  /** Whose logits count: the last token's, the first's, the last's that is no padding (flexible), or the mean of all. */
  position: z.enum(TOKEN_POSITIONS),
  causalMask: z.boolean(),
  /** Number of a class whose texts do not count. */
  ignoreIndex: z.int(),
});
export type ClassifyConfig = z.infer<typeof ClassifyConfig>;

/** Chapter 6's run: last block, final norm and head, five epochs. */
const BOOK_CH06: ClassifyConfig = {
  seed: 123,
  model: { dropRate: 0 },
  data: { balance: true, trainFraction: 0.7, validationFraction: 0.1, maxLength: "longest", padding: true },
  trainable: "last_block",
  position: "last",
  causalMask: true,
  ignoreIndex: -100,
  lora: null,
  train: {
    ...BOOK_TRAINING,
    batchSize: 8,
    epochs: 5,
    learningRate: 5e-5,
    minLearningRate: 5e-5,
    evalEvery: 50,
    evalBatches: 5,
  },
};

/** The built-in messages on the quickstart's small model, which knows too little to be left as it is. */
const QUICKSTART: ClassifyConfig = {
  ...BOOK_CH06,
  data: { ...BOOK_CH06.data, trainFraction: 0.8 },
  model: { dropRate: 0.4 }, // the messages are few: without it they are learned by heart
  trainable: "all",
  position: "flexible",
  train: {
    ...BOOK_CH06.train,
    epochs: 15,
    learningRate: 5e-4,
    minLearningRate: 5e-5,
    warmupSteps: 10,
    clipNorm: 1,
    dropout: "fast",
    evalEvery: 116, // an epoch
    evalBatches: 12,
  },
};

/** The settings of every preset of `train classify`; `book-appendix-e` is the printed appendix's LoRA. */
export const CLASSIFY_PRESETS: Readonly<Record<(typeof CLASSIFY_PRESET_NAMES)[number], ClassifyConfig>> = {
  quickstart: QUICKSTART,
  "book-ch06": BOOK_CH06,
  "book-appendix-e": {
    ...BOOK_CH06,
    lora: { rank: 16, alpha: 16, scaling: "alpha", match: "" },
    train: { ...BOOK_CH06.train, learningRate: 8e-4, minLearningRate: 8e-4 },
  },
};
