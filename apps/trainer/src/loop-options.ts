import type { Batch } from "@scratch-llm/dataloader";
import { defaultGenerator, type DropoutSource, FastDropout, TorchDropout } from "@scratch-llm/nn";
import { type Losses, type Schedule, type TrainSettings as LoopSettings, warmupCosine } from "@scratch-llm/pretrain";
import { interrupted } from "./interrupt.ts";
import type { TrainSettings } from "./run-config.ts";
import type { StepCompiler } from "./step-compiler.ts";

/** The part of `trainModel`'s options that settings decide, whatever is trained. */
export type LoopOptions = Omit<
  LoopSettings<Batch, Losses>,
  "model" | "optimizer" | "trainLoader" | "valLoader" | "evaluate"
>;

/** Settings of a run, with or without samples. */
type ShownSettings = Omit<TrainSettings, "startContext" | "sampleEvery"> & { readonly sampleEvery?: number };

/** What the settings say to `trainModel`. Ctrl-C ends the run after the step under way. */
export function loopOptions(settings: ShownSettings, totalSteps: number, { compile }: StepCompiler): LoopOptions {
  return {
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
    ...(settings.sampleEvery === undefined ? {} : { sampleEvery: settings.sampleEvery || "epoch" }),
    ...(settings.checkpointEvery === 0 ? {} : { checkpointEvery: settings.checkpointEvery }),
    signal: interrupted,
  };
}

/** The schedule of appendix D; with equal rates and no warmup, the constant rate of chapter 5. */
function makeSchedule(settings: ShownSettings, totalSteps: number): Schedule {
  const { learningRate: peakLr, minLearningRate: minLr, warmupSteps } = settings;
  return warmupCosine({ peakLr, minLr, initialLr: peakLr / Math.max(1, warmupSteps), warmupSteps, totalSteps });
}

function makeDropout(kind: TrainSettings["dropout"]): DropoutSource {
  return kind === "torch" ? new TorchDropout(defaultGenerator) : new FastDropout(defaultGenerator);
}
