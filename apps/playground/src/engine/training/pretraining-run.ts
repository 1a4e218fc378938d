import { DataLoader, GPTDatasetV1 } from "@scratch-llm/dataloader";
import { countParameters, type GPTConfig, GPTModelFast, validateConfig } from "@scratch-llm/gpt";
import { AdamW, FastDropout, Generator, TorchDropout } from "@scratch-llm/nn";
import { encodeSplit, type TokenSplit, trainModel, type TrainState, warmupCosine } from "@scratch-llm/pretrain";
import { gpt2Tokenizer, type Tokenizer, trainBPE, type TrainBPEProgress } from "@scratch-llm/tokenizer";
import { EngineFault } from "../fault.ts";
import type { Progress, RunInfo, RunSettings } from "../protocol.ts";
import { Loop, type PartOptions, type TrainingEvents } from "./loop.ts";
import type { Corpus } from "./texts.ts";

/** What is trained, and where it stands when it was trained before. */
export interface Trainee {
  readonly model: GPTModelFast;
  readonly optimizer: AdamW;
  /** Everything random in the run is drawn from it. */
  readonly generator: Generator;
  readonly state?: TrainState;
}

/** Everything that stays the same during a run. */
export interface Plan {
  readonly name: string;
  readonly settings: RunSettings;
  readonly corpus: Corpus;
  readonly tokenizer: Tokenizer;
}

/**
 * A small GPT that learns a text: the trainer's pretraining, with the same draws, so that the same seed and data give the
 * same numbers.
 */
export class PretrainingRun {
  readonly plan: Plan;
  readonly trainee: Trainee;
  readonly loop: Loop;
  readonly #split: TokenSplit;

  constructor(plan: Plan, split: TokenSplit, trainee: Trainee) {
    this.plan = plan;
    this.trainee = trainee;
    this.#split = split;
    const { train } = plan.settings;
    const loaders = makeLoaders(split, plan.settings, trainee);
    const perEpoch = Math.ceil(loaders.trainLoader.length / train.accumulationSteps);
    const totalSteps = Math.min(train.maxSteps ?? Number.POSITIVE_INFINITY, train.epochs * perEpoch);
    const part = (options: PartOptions): TrainingEvents =>
      trainModel({ ...loopOptions(plan, trainee, totalSteps), ...loaders, ...options }) as TrainingEvents;
    this.loop = new Loop(plan.name, totalSteps, part, trainee.state);
  }

  get info(): RunInfo {
    const { model } = this.trainee;
    return {
      ...this.loop.progress,
      settings: this.plan.settings,
      config: model.config,
      params: countParameters(model.config),
      trainTokens: this.#split.train.length,
      valTokens: this.#split.val.length,
      history: [],
    };
  }

  dispose(): void {
    this.trainee.optimizer.dispose();
    this.trainee.model.dispose();
  }
}

/**
 * Prepares a run from its beginning: in the order seed, model, loaders, as the trainer draws.
 * @throws EngineFault `TEXT_TOO_SHORT`; GPTConfigError
 */
export async function beginRun(
  name: string,
  settings: RunSettings,
  corpus: Corpus,
  emit: (event: Progress) => void,
): Promise<PretrainingRun> {
  validateConfig({ ...settings.model, vocabSize: 1 });
  const tokenizer = await makeTokenizer(settings.tokenizer, corpus, emit);
  const config: GPTConfig = { ...settings.model, vocabSize: tokenizer.vocabSize };
  const split = splitOf(settings, corpus, tokenizer);
  const generator = new Generator(settings.seed);
  const model = new GPTModelFast(config, { generator });
  return new PretrainingRun({ name, settings, corpus, tokenizer }, split, traineeOf(settings, model, generator));
}

/** The optimizer over a model's parameters. */
export function traineeOf({ train }: RunSettings, model: GPTModelFast, generator: Generator): Trainee {
  const { learningRate: lr, weightDecay } = train;
  return { model, optimizer: new AdamW(model.namedParameters(), { lr, weightDecay }), generator };
}

/** The text's tokens. @throws EngineFault `TEXT_TOO_SHORT` */
export function splitOf({ data, model, train }: RunSettings, corpus: Corpus, tokenizer: Tokenizer): TokenSplit {
  const split = encodeSplit(corpus.texts, tokenizer, data.trainFraction);
  const needed = Math.max(model.contextLength + 1, model.contextLength + data.stride * (train.batchSize - 1) + 1);
  for (const [part, least] of [
    ["train", needed],
    ["val", model.contextLength + 1],
  ] as const) {
    const { length } = split[part];
    if (length >= least) continue;
    throw new EngineFault(
      "TEXT_TOO_SHORT",
      `The ${part === "train" ? "training" : "validation"} part of the text has ${length} tokens, ${least} are needed; ` +
        `take a longer text, a shorter context or a smaller batch.`,
    );
  }
  return split;
}

async function makeTokenizer(
  settings: RunSettings["tokenizer"],
  corpus: Corpus,
  emit: (event: Progress) => void,
): Promise<Tokenizer> {
  if (settings.kind === "gpt2") return gpt2Tokenizer();
  const onProgress = ({ phase, done, total = 0 }: TrainBPEProgress): void => {
    if (phase === "learn merges") emit({ type: "progress", stage: "tokenizer", done, total });
  };
  return trainBPE(corpus.texts, { vocabSize: settings.vocabSize, onProgress });
}

/** Whole batches in random order to train on, every window to validate with. */
function makeLoaders(
  { train, val }: TokenSplit,
  { data: { stride }, model: { contextLength }, train: { batchSize } }: RunSettings,
  { generator }: Trainee,
): { trainLoader: DataLoader; valLoader: DataLoader } {
  const dataset = (tokens: Int32Array): GPTDatasetV1 =>
    new GPTDatasetV1(tokens, undefined, { maxLength: contextLength, stride });
  return {
    trainLoader: new DataLoader(dataset(train), { batchSize, shuffle: true, dropLast: true, generator }),
    valLoader: new DataLoader(dataset(val), { batchSize, shuffle: false, dropLast: false, generator }),
  };
}

function loopOptions({ settings, tokenizer }: Plan, { model, optimizer, generator }: Trainee, totalSteps: number) {
  const { train } = settings;
  const { learningRate: peakLr, minLearningRate: minLr, warmupSteps } = train;
  return {
    model,
    optimizer,
    tokenizer,
    epochs: train.epochs,
    schedule: warmupCosine({ peakLr, minLr, initialLr: peakLr / Math.max(1, warmupSteps), warmupSteps, totalSteps }),
    ...(train.clipNorm === 0 ? {} : { clipNorm: { maxNorm: train.clipNorm } }),
    accumulationSteps: train.accumulationSteps,
    dropout: train.dropout === "torch" ? new TorchDropout(generator) : new FastDropout(generator),
    evalEvery: train.evalEvery,
    evalBatches: train.evalBatches,
    sampleEvery: train.sampleEvery === 0 ? ("epoch" as const) : train.sampleEvery,
    startContext: train.startContext,
  };
}
