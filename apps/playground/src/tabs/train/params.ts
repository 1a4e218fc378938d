import { DEFAULT_RUN } from "../../engine/defaults.ts";
import { integer, number, oneOf, text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

export const TEXTS = ["both", "en", "zh", "own"] as const;

/** The state of the tab. */
type Train = {
  text: (typeof TEXTS)[number];
  seed: number;
  steps: number;
  context: number;
  width: number;
  heads: number;
  layers: number;
  dropout: number;
  batch: number;
  rate: number;
  vocabulary: number;
  every: number;
  begin: string;
};

/** The smallest and the largest of each number. */
export const LIMITS = {
  seed: [0, 0xff_ff_ff_ff],
  steps: [1, 20_000],
  context: [8, 256],
  width: [16, 384],
  heads: [1, 12],
  layers: [1, 12],
  dropout: [0, 0.9],
  batch: [1, 64],
  rate: [1e-6, 1000],
  vocabulary: [300, 8192],
  every: [1, 20_000],
} as const satisfies Readonly<Record<string, readonly [min: number, max: number]>>;

const { model, train, seed } = DEFAULT_RUN;

export const params: UrlState<Train> = urlState<Train>("train", {
  text: oneOf(TEXTS, "both"),
  seed: integer(seed, ...LIMITS.seed),
  steps: integer(train.maxSteps ?? 400, ...LIMITS.steps),
  context: integer(model.contextLength, ...LIMITS.context),
  width: integer(model.embDim, ...LIMITS.width),
  heads: integer(model.nHeads, ...LIMITS.heads),
  layers: integer(model.nLayers, ...LIMITS.layers),
  dropout: number(model.dropRate, ...LIMITS.dropout),
  batch: integer(train.batchSize, ...LIMITS.batch),
  rate: number(train.learningRate, ...LIMITS.rate),
  vocabulary: integer(1024, ...LIMITS.vocabulary),
  every: integer(train.sampleEvery, ...LIMITS.every),
  begin: text(train.startContext),
});
