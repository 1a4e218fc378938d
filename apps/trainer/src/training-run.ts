import { type GPTConfig, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, defaultGenerator, manualSeed } from "@scratch-llm/nn";
import { trainModel, type TrainOptions, type TrainState } from "@scratch-llm/pretrain";
import { loadCheckpoint, saveCheckpoint } from "@scratch-llm/pretrain/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import type { Context } from "./flags.ts";
import type { Loaders } from "./corpus.ts";
import { loopOptions } from "./loop-options.ts";
import type { RunFolder } from "./run-folder.ts";
import type { RunPlan } from "./run-plan.ts";
import { type ComputeOptions, StepCompiler } from "./step-compiler.ts";
import { watchTraining } from "./watch-training.ts";

/** A finished model, in evaluation mode, and its tokenizer. */
export interface Trained {
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
}

/** What a run trains and on what. */
export interface TrainingRun {
  readonly plan: RunPlan;
  readonly modelConfig: GPTConfig;
  readonly tokenizer: Tokenizer;
  readonly loaders: Loaders;
  readonly totalSteps: number;
  /** Where the run goes on from. */
  readonly checkpoint: string | undefined;
  readonly compute: ComputeOptions;
  /** Weights to begin with, a checkpoint's or others; without them they are drawn. */
  readonly model: GPTModelFast | undefined;
}

/** Weights, optimizer and where the run stands. */
interface Trainee {
  readonly model: GPTModelFast;
  readonly optimizer: AdamW;
  readonly state: TrainState | undefined;
}

/** Draws in the order seed → model → loaders, as the book's script does; or takes everything from the checkpoint. */
export async function makeTrainee({ plan, modelConfig, checkpoint, model: loaded }: TrainingRun): Promise<Trainee> {
  const { seed, train } = plan.config;
  manualSeed(seed);
  const model = loaded ?? new GPTModelFast(modelConfig);
  const optimizer = new AdamW(model.namedParameters(), { lr: train.learningRate, weightDecay: train.weightDecay });
  if (checkpoint === undefined) return { model, optimizer, state: undefined };
  const { state } = await loadCheckpoint(checkpoint, { optimizer, generator: defaultGenerator });
  return { model, optimizer, state };
}

/**
 * Trains to the end of the plan, with every event shown and written down.
 * @throws {TrainerError} `INTERRUPTED` after Ctrl-C, when the step is finished and saved.
 */
export async function train(run: TrainingRun, trainee: Trainee, folder: RunFolder, context: Context): Promise<void> {
  const { plan, totalSteps } = run;
  const compiler = new StepCompiler(run.compute);
  const events = trainModel(trainOptions(run, trainee, compiler));
  const training = { events, folder, totalSteps, state: trainee.state, title: plan.preset, command: "train pretrain" };
  try {
    await watchTraining(training, context);
  } finally {
    compiler.dispose();
  }
}

function trainOptions(run: TrainingRun, trainee: Trainee, compiler: StepCompiler): TrainOptions {
  const { plan, tokenizer, loaders, totalSteps } = run;
  const { model, optimizer, state } = trainee;
  const { train: settings } = plan.config;
  return {
    ...loopOptions(settings, totalSteps, compiler),
    model,
    optimizer,
    trainLoader: loaders.train,
    valLoader: loaders.val,
    tokenizer,
    startContext: settings.startContext,
    saveCheckpoint: (at) =>
      saveCheckpoint(plan.folder, {
        state: at,
        optimizer,
        generator: defaultGenerator,
        keepLast: settings.keepLast,
        saveModel: (path) => saveHuggingFaceFolder(path, { model, tokenizer }),
      }),
    ...(state === undefined ? {} : { resume: state }),
  };
}
