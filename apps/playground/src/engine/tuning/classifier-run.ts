import { DataLoader } from "@scratch-llm/dataloader";
import {
  addClassHead,
  chooseTrainable,
  type Classification,
  type ClassifierSettings,
  classifyReview,
  classNames,
  collateTexts,
  createBalancedDataset,
  type LabeledText,
  parseLabeledTexts,
  randomSplit,
  SpamDataset,
  trainClassifier,
} from "@scratch-llm/finetune-classifier";
import type { GPTModelFast } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { cloneModel } from "@scratch-llm/weights-loader";
import type { Host } from "../host.ts";
import type { Open } from "../models/shelf.ts";
import type { Compared, NewTuning, TuningInfo } from "../protocol.ts";
import { Loop, type TrainingEvents } from "../training/loop.ts";
import { countTrainable, loraOf, stepsOf, tuningOptions } from "./tuning-loop.ts";

/** Which logits count: those of the last token that is no padding, for a small model knows little about padding. */
const POSITION = "flexible";

/** A spam classifier in the making (chapter 6), and the same model before its training. */
export class ClassifierRun {
  readonly loop: Loop;
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly #base: GPTModelFast;
  readonly #settings: ClassifierSettings;
  readonly #counts: TuningInfo["counts"];
  readonly #heldOut: readonly LabeledText[];
  readonly #disposables: readonly { dispose(): void }[];

  constructor({ run, settings }: NewTuning, { model, tokenizer }: Open, messages: readonly LabeledText[]) {
    const labels = classNames(messages);
    const { train, val, test } = randomSplit(createBalancedDataset(messages));
    const generator = new Generator(settings.seed);
    this.tokenizer = tokenizer;
    this.model = withClassHead(model, labels.length, generator);
    this.#base = withClassHead(model, labels.length, new Generator(settings.seed));
    chooseTrainable(this.model, settings.trainable, loraOf(settings, generator));

    const maxLength = Math.min(settings.maxLength, model.config.contextLength);
    const trainSet = new SpamDataset(train, tokenizer, { labels, contextLength: maxLength });
    const valSet = new SpamDataset(val, tokenizer, { labels, maxLength: trainSet.maxLength });
    const { padTokenId } = trainSet;
    const { batchSize } = settings;
    const trainLoader = new DataLoader(trainSet, { batchSize, collate: collateTexts, generator });
    const valLoader = new DataLoader(valSet, {
      batchSize,
      collate: collateTexts,
      generator,
      shuffle: false,
      dropLast: false,
    });
    const totalSteps = stepsOf(settings, trainLoader.length);
    const options = { ...tuningOptions(this.model, settings, generator, totalSteps), trainLoader, valLoader };
    const readOut = { position: POSITION, padTokenId } as const;
    this.loop = new Loop(
      run,
      totalSteps,
      (part) => trainClassifier({ ...options, ...readOut, ...part }) as TrainingEvents,
    );
    this.#settings = { labels, maxLength: trainSet.maxLength, ...readOut, padding: true, causalMask: true };
    this.#counts = { train: train.length, val: val.length, test: test.length, skipped: 0 };
    this.#heldOut = test;
    this.#disposables = [options.optimizer, this.model, this.#base];
  }

  get info(): TuningInfo {
    return {
      ...this.loop.progress,
      params: this.model.numParameters(),
      trainableParams: countTrainable(this.model),
      counts: this.#counts,
      heldOut: this.#heldOut.map((entry) => ({ task: "classify", ...entry })),
    };
  }

  /** A text's class before and after the training. */
  async classify(text: string): Promise<Compared<Classification>> {
    const { tokenizer } = this;
    const settings = this.#settings;
    const base = await classifyReview(text, { model: this.#base, tokenizer, settings });
    const tuned = await classifyReview(text, { model: this.model, tokenizer, settings });
    return { base, tuned };
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }
}

/** Prepares the training of a classifier on the built-in messages. */
export async function beginClassifier(request: NewTuning, shelved: Open, host: Host): Promise<ClassifierRun> {
  return new ClassifierRun(request, shelved, parseLabeledTexts(await host.readText(SAMPLE_SETS.messages)));
}

function withClassHead(model: GPTModelFast, numClasses: number, generator: Generator): GPTModelFast {
  const clone = cloneModel(model, { ...model.config, dropRate: 0 });
  addClassHead(clone, { numClasses, generator });
  return clone;
}
