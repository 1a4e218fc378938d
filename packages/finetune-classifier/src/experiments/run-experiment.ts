import { DataLoader } from "@scratch-llm/dataloader";
import type { GPTModel } from "@scratch-llm/gpt";
import { AdamW, type Compile, type DropoutSource, identityCompile, manualSeed } from "@scratch-llm/nn";
import type { Losses, TrainEvent } from "@scratch-llm/pretrain";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { calcAccuracyLoader } from "../accuracy.ts";
import { addClassHead } from "../class-head.ts";
import { classNames, type LabeledText } from "../data/labeled-text.ts";
import type { DatasetSplit } from "../data/split.ts";
import { collateTexts, type EncodedText, SpamDataset, type TextBatch } from "../spam-dataset.ts";
import { type Accuracies, trainClassifier } from "../train-classifier.ts";
import { chooseTrainable } from "../trainable.ts";
import type { Experiment } from "./experiments.ts";

/** What an experiment runs on; the defaults are the book's. */
export interface ExperimentOptions {
  /** Becomes the experiment's classifier; the caller disposes it. */
  readonly model: GPTModel;
  readonly tokenizer: Tokenizer;
  readonly data: DatasetSplit<LabeledText>;
  /** Default 5. */
  readonly epochs?: number;
  /** Default 5e-5. */
  readonly learningRate?: number;
  /** Makes steps faster (default: leaves them); not where every text has a length of its own. */
  readonly compile?: Compile;
  readonly signal?: AbortSignal;
  /** Hears what happens. */
  readonly onEvent?: (event: TrainEvent<Losses, Accuracies>) => void;
}

/** What an experiment found: shares of rightly classified texts, over all of each part. */
export interface ExperimentResult {
  readonly trainAccuracy: number;
  readonly valAccuracy: number;
  readonly testAccuracy: number;
  /** Of the training, evaluations included. */
  readonly minutes: number;
  readonly trainedParams: number;
}

type Loader = DataLoader<EncodedText, TextBatch>;

/** The book's models have no dropout in chapter 6, whatever they were trained with. */
const NO_DROPOUT: DropoutSource = { apply: (x) => x };
const SEED = 123;

/**
 * Runs one row of the book's additional experiments: `additional_experiments.py`, in its order of draws.
 *
 * @throws {ClassifierDataError}, {ClassifierOptionError}
 * @throws TrainOptionsError, NonFiniteLossError as `trainModel`
 */
export async function runExperiment(experiment: Experiment, options: ExperimentOptions): Promise<ExperimentResult> {
  const { model, data, signal, onEvent } = options;
  const { accumulationSteps, position, ignoreIndex, length, trainable, lora, causalMask } = experiment;
  const labels = classNames(data.train);
  manualSeed(SEED);
  addClassHead(model, { numClasses: labels.length, causalMask });
  chooseTrainable(model, trainable, { ...lora, scaling: "alpha" });
  const loaders = makeLoaders(experiment, options, labels);
  manualSeed(SEED);
  const { learningRate: lr = 5e-5, epochs = 5 } = options;
  const optimizer = new AdamW(model.namedParameters(), { lr, weightDecay: 0.1 });
  const compile = length === "own" ? identityCompile : (options.compile ?? identityCompile);
  const readOut = { position, padTokenId: loaders.padTokenId, ignoreIndex };
  const started = performance.now();
  try {
    const { train: trainLoader, val: valLoader, test: testLoader } = loaders;
    const loop = { model, optimizer, trainLoader, valLoader, epochs, accumulationSteps, dropout: NO_DROPOUT, compile };
    const events = trainClassifier({ ...loop, ...readOut, evalEvery: 50, evalBatches: 5, ...(signal && { signal }) });
    for await (const event of events) onEvent?.(event);
    signal?.throwIfAborted();
    const minutes = (performance.now() - started) / 60_000;
    const accuracy = (loader: Loader): Promise<number> => calcAccuracyLoader(loader, { model, ...readOut, compile });
    return {
      trainAccuracy: await accuracy(trainLoader),
      valAccuracy: await accuracy(valLoader),
      testAccuracy: await accuracy(testLoader),
      minutes,
      trainedParams: model.trainableParameters().reduce((sum, { size }) => sum + size, 0),
    };
  } finally {
    optimizer.dispose();
  }
}

function makeLoaders(
  { length, batchSize }: Experiment,
  { model, tokenizer, data }: ExperimentOptions,
  labels: readonly string[],
): Record<"train" | "val" | "test", Loader> & { readonly padTokenId: number } {
  const { contextLength } = model.config;
  const fixed = { labels, contextLength, padding: length !== "own" };
  const train = new SpamDataset(data.train, tokenizer, {
    ...fixed,
    ...(length === "context" && { maxLength: contextLength }),
  });
  // Without padding, the script cuts validation and test texts to the longest of their own.
  const others = { ...fixed, ...(length !== "own" && { maxLength: train.maxLength }) };
  const inOrder = { batchSize, shuffle: false, dropLast: false, collate: collateTexts };
  return {
    train: new DataLoader(train, { batchSize, collate: collateTexts }),
    val: new DataLoader(new SpamDataset(data.val, tokenizer, others), inOrder),
    test: new DataLoader(new SpamDataset(data.test, tokenizer, others), inOrder),
    padTokenId: train.padTokenId,
  };
}
