import { DEFAULT_RUN } from "../../engine/defaults.ts";
import { integer, number, oneOf } from "../../state/params.ts";
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
};

const { model, train, seed } = DEFAULT_RUN;

export const params: UrlState<Train> = urlState<Train>("train", {
  text: oneOf(TEXTS, "both"),
  seed: integer(seed, 0, 0xff_ff_ff_ff),
  steps: integer(train.maxSteps ?? 400, 1, 20_000),
  context: integer(model.contextLength, 8, 256),
  width: integer(model.embDim, 16, 384),
  heads: integer(model.nHeads, 1, 12),
  layers: integer(model.nLayers, 1, 12),
  dropout: number(model.dropRate, 0, 0.9),
  batch: integer(train.batchSize, 1, 64),
  rate: number(train.learningRate, 1e-6, 1),
  vocabulary: integer(1024, 300, 8192),
});
