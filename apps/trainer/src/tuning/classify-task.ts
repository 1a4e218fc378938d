import { DataLoader } from "@scratch-llm/dataloader";
import {
  type Accuracies,
  addClassHead,
  calcAccuracyLoader,
  chooseTrainable,
  classNames,
  type ClassifierSettings,
  collateTexts,
  createBalancedDataset,
  type LabeledText,
  parseLabeledTexts,
  parseSmsSpam,
  randomSplit,
  SpamDataset,
  trainClassifier,
} from "@scratch-llm/finetune-classifier";
import { manualSeed } from "@scratch-llm/nn";
import type { EpochEvent } from "@scratch-llm/pretrain";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import { TrainerError } from "../errors.ts";
import { fill, type Messages } from "../messages/messages.ts";
import type { MeasuredEvent } from "../run-folder.ts";
import type { Curve, CurvePoint } from "../training-report.ts";
import { CLASSIFY_PRESETS, ClassifyConfig } from "./classify-config.ts";
import type { DataFile, Parts } from "./data-file.ts";
import { restoreClassifier, saveClassifier } from "./saved-classifier.ts";
import { loraOptions } from "./tuned-model.ts";
import { batchWidths, type PreparedTask, type TuningMaterial, type TuningTask } from "./tuning-task.ts";

/** Chapter 6: texts and their classes. */
export const CLASSIFY_TASK: TuningTask<ClassifyConfig> = {
  command: "classify",
  settings: { schema: ClassifyConfig, presets: CLASSIFY_PRESETS },
  builtIn: SAMPLE_SETS.messages,
  bookPreset: "book-ch06",
  settle: (config) => Promise.resolve(config),
  open({ config, data: file }) {
    const data = splitTexts(file, config);
    const { train, val, test } = data;
    return {
      entries: { train: train.length, val: val.length, test: test.length },
      prepare: (material, { messages }) => prepare(config, data, material, messages),
    };
  },
};

/**
 * The texts of a file, balanced, shuffled and split as the book does; or those of a folder as they are.
 * @throws {ClassifierDataError}
 */
export function splitTexts({ content }: DataFile, { data, seed }: ClassifyConfig): Parts<LabeledText[]> {
  if (typeof content !== "string") {
    return { train: readTexts(content.train), val: readTexts(content.val), test: readTexts(content.test) };
  }
  const texts = readTexts(content);
  classNames(texts); // one class alone is no task
  const chosen = data.balance ? createBalancedDataset(texts, seed) : texts;
  const { trainFraction: trainFrac, validationFraction: validationFrac } = data;
  return randomSplit(chosen, { trainFrac, validationFrac, seed });
}

/** The SMS Spam Collection as it was published, or any table of `text` and `label`. */
export function readTexts(content: string): LabeledText[] {
  return /^(?:ham|spam)\t/u.test(content) ? parseSmsSpam(content) : parseLabeledTexts(content);
}

async function prepare(
  config: ClassifyConfig,
  data: Parts<readonly LabeledText[]>,
  { model, tokenizer, compiler }: TuningMaterial,
  messages: Messages,
): Promise<PreparedTask> {
  const labels = classNames(data.train);
  const loaders = makeLoaders(config, data, labels, model.config.contextLength, tokenizer);
  const { dataset, settings } = loaders;
  addClassHead(model, { numClasses: labels.length, causalMask: config.causalMask });
  chooseTrainable(
    model,
    config.lora === null ? config.trainable : "lora",
    config.lora ? loraOptions(config.lora) : undefined,
  );
  manualSeed(config.seed); // again before the training, as in section 6.7
  const { position, padTokenId, padding } = settings;
  const readOut = { position, padTokenId, ignoreIndex: config.ignoreIndex };
  const seen = (epoch: number): number => epoch * dataset.length;
  return {
    skipped: 0,
    truncated: dataset.truncated,
    widths: batchWidths(dataset, config.train.batchSize, ({ ids }) => ids.length, dataset.maxLength),
    rowsPerEntry: 1,
    trainLoader: loaders.train,
    events({ compile, ...loop }) {
      const { train: trainLoader, val: valLoader } = loaders;
      // Rows of ever new lengths would be recorded one by one.
      return trainClassifier({ ...loop, ...(compile && padding && { compile }), trainLoader, valLoader, ...readOut });
    },
    epochLine: (event) => {
      const { trainAccuracy, valAccuracy } = accuracies(event);
      return fill(messages.classify.accuracies, { train: percent(trainAccuracy), val: percent(valAccuracy) });
    },
    curves: curves(seen, messages),
    save: (folder) => saveClassifier(folder, { model, tokenizer, settings }),
    restore: (checkpoint) => restoreClassifier(checkpoint, model, config.lora !== null),
    async finish(_folder, { output }) {
      const { compile } = compiler;
      const options = { model, ...readOut, ...(compile && padding && { compile }) };
      const found = {
        trainAccuracy: await calcAccuracyLoader(loaders.train, options),
        valAccuracy: await calcAccuracyLoader(loaders.val, options),
        testAccuracy: await calcAccuracyLoader(loaders.test, options),
      };
      const [train, val, test] = Object.values(found).map(percent) as [string, string, string];
      output.result(fill(messages.classify.done, { train, val, test }));
      return { ...found, labels, truncated: dataset.truncated };
    },
  };
}

function makeLoaders(
  { data: { maxLength, padding }, position, causalMask, train: { batchSize } }: ClassifyConfig,
  data: Parts<readonly LabeledText[]>,
  labels: readonly string[],
  contextLength: number,
  tokenizer: TuningMaterial["tokenizer"],
) {
  if (!padding && batchSize > 1) {
    throw new TrainerError(
      "CONFIG",
      `Setting data.padding = false needs train.batchSize = 1, not ${batchSize}: use train.accumulationSteps for larger steps.`,
    );
  }
  const fixed = { labels, contextLength, padding };
  const length = maxLength === "longest" ? {} : { maxLength: maxLength === "context" ? contextLength : maxLength };
  const dataset = new SpamDataset(data.train, tokenizer, { ...fixed, ...length });
  const others = { ...fixed, ...(padding ? { maxLength: dataset.maxLength } : length) };
  const collate = collateTexts;
  const inOrder = { batchSize, shuffle: false, dropLast: false, collate };
  const train = new DataLoader(dataset, { batchSize, collate });
  if (train.length === 0) {
    throw new TrainerError(
      "DATA",
      `${dataset.length} texts to train on are fewer than one batch of ${batchSize}. Give more, or try --set train.batchSize=${Math.max(1, dataset.length)}.`,
    );
  }
  const settings: ClassifierSettings = {
    labels,
    maxLength: dataset.maxLength,
    padTokenId: dataset.padTokenId,
    position,
    padding,
    causalMask,
  };
  return {
    dataset,
    settings,
    train,
    val: new DataLoader(new SpamDataset(data.val, tokenizer, others), inOrder),
    test: new DataLoader(new SpamDataset(data.test, tokenizer, others), inOrder),
  };
}

/** The plots of section 6.7: losses and accuracies over epochs and examples seen. */
function curves(seenAfter: (epoch: number) => number, { classifyPlot }: Messages): Omit<Curve, "title">[] {
  const { examples: tokens, loss, accuracy } = classifyPlot;
  const point = (event: MeasuredEvent, train: number, val: number): CurvePoint => ({
    epoch: event.epoch,
    seen: seenAfter(event.epoch),
    train,
    val,
  });
  return [
    {
      name: "loss-plot",
      labels: { tokens, ...loss },
      point: (event) => (event.type === "eval" ? point(event, event.trainLoss, event.valLoss) : undefined),
    },
    {
      name: "accuracy-plot",
      labels: { tokens, ...accuracy },
      point: (event) =>
        event.type === "epoch"
          ? point(event, accuracies(event).trainAccuracy, accuracies(event).valAccuracy)
          : undefined,
    },
  ];
}

/** The epochs of `trainClassifier` have these. */
function accuracies(event: EpochEvent<object>): Accuracies {
  return event as EpochEvent<Accuracies>;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
