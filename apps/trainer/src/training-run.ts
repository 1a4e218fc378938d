import { type GPTConfig, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, defaultGenerator, type DropoutSource, FastDropout, manualSeed, TorchDropout } from "@scratch-llm/nn";
import { type Schedule, trainModel, type TrainOptions, type TrainState, warmupCosine } from "@scratch-llm/pretrain";
import { loadCheckpoint, saveCheckpoint } from "@scratch-llm/pretrain/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import type { Context } from "./flags.ts";
import type { Loaders } from "./corpus.ts";
import { TrainerError } from "./errors.ts";
import { formatDuration } from "./format.ts";
import { interrupted } from "./interrupt.ts";
import { fill } from "./messages/messages.ts";
import type { RunConfig } from "./run-config.ts";
import type { RunFolder } from "./run-folder.ts";
import type { RunPlan } from "./run-plan.ts";
import { startCommand } from "./start-command.ts";
import { type ComputeOptions, StepCompiler } from "./step-compiler.ts";
import { TrainingReport } from "./training-report.ts";

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
  const { output, messages } = context;
  const { state } = trainee;
  const earlier = state === undefined ? [] : await folder.rewindMetrics(state.step);
  if (state !== undefined) output.note(fill(messages.run.resumed, { path: plan.folder, step: state.step }));
  const report = new TrainingReport({ output, messages, folder, totalSteps, earlier });
  const onInterrupt = (): void => output.note(messages.run.secondInterrupt);
  interrupted.addEventListener("abort", onInterrupt, { once: true });
  let aborted = false;
  const compiler = new StepCompiler(run.compute);
  try {
    for await (const event of trainModel(trainOptions(run, trainee, compiler))) {
      await report.handle(event);
      aborted = event.type === "done" && event.reason === "aborted";
    }
  } finally {
    compiler.dispose();
    output.clearProgress();
    interrupted.removeEventListener("abort", onInterrupt);
  }
  const plot = await report.writePlot(plan.preset);
  if (plot !== undefined) output.note(fill(messages.run.plot, { path: plot }));
  if (aborted) {
    const command = `${startCommand()} train pretrain --resume ${plan.folder}`;
    throw new TrainerError("INTERRUPTED", fill(messages.run.interrupted, { step: report.stepsDone, command }));
  }
  const { trainLoss = Number.NaN, valLoss = Number.NaN } = report.lastEval ?? {};
  const losses = { train: trainLoss.toFixed(3), val: valLoss.toFixed(3) };
  output.result(fill(messages.run.done, { duration: formatDuration(report.seconds), ...losses }));
}

function trainOptions(run: TrainingRun, { model, optimizer, state }: Trainee, { compile }: StepCompiler): TrainOptions {
  const { plan, tokenizer, loaders, totalSteps } = run;
  const { train: settings } = plan.config;
  return {
    model,
    optimizer,
    trainLoader: loaders.train,
    valLoader: loaders.val,
    tokenizer,
    epochs: settings.epochs,
    maxSteps: totalSteps,
    ...(settings.maxMinutes === undefined ? {} : { maxSeconds: settings.maxMinutes * 60 }),
    schedule: makeSchedule(settings, totalSteps),
    ...(settings.clipNorm === 0 ? {} : { clipNorm: { maxNorm: settings.clipNorm } }),
    accumulationSteps: settings.accumulationSteps,
    dropout: makeDropout(settings.dropout),
    ...(compile === undefined ? {} : { compile }),
    evalEvery: settings.evalEvery,
    evalBatches: settings.evalBatches,
    sampleEvery: settings.sampleEvery === 0 ? "epoch" : settings.sampleEvery,
    startContext: settings.startContext,
    ...(settings.checkpointEvery === 0 ? {} : { checkpointEvery: settings.checkpointEvery }),
    saveCheckpoint: (at) =>
      saveCheckpoint(plan.folder, {
        state: at,
        optimizer,
        generator: defaultGenerator,
        keepLast: settings.keepLast,
        saveModel: (path) => saveHuggingFaceFolder(path, { model, tokenizer }),
      }),
    signal: interrupted,
    ...(state === undefined ? {} : { resume: state }),
  };
}

/** The schedule of appendix D; with equal rates and no warmup, the constant rate of chapter 5. */
function makeSchedule(settings: RunConfig["train"], totalSteps: number): Schedule {
  const { learningRate: peakLr, minLearningRate: minLr, warmupSteps } = settings;
  return warmupCosine({ peakLr, minLr, initialLr: peakLr / Math.max(1, warmupSteps), warmupSteps, totalSteps });
}

function makeDropout(kind: RunConfig["train"]["dropout"]): DropoutSource {
  return kind === "torch" ? new TorchDropout(defaultGenerator) : new FastDropout(defaultGenerator);
}
