import type { Batch } from "@scratch-llm/dataloader";
import type { GPTModel } from "@scratch-llm/gpt";
import type { AdamW, Compile, DropoutSource } from "@scratch-llm/nn";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import type { BatchLoader } from "./batch-loader.ts";
import { TrainOptionsError } from "./errors.ts";
import type { BatchLossOption, Losses } from "./losses.ts";
import type { Schedule } from "./schedules.ts";
import type { TrainState } from "./train-events.ts";

/** When gradients are clipped (D.3). */
export interface Clipping {
  readonly maxNorm: number;
  /** First step that clips (default 0); the book begins after the warmup. */
  readonly fromStep?: number;
}

/**
 * Options of `trainModel`. At least one of `epochs`, `maxSteps` and `maxSeconds` ends the run. Later chapters train on
 * batches `B` of their own with a `batchLoss` of their own, and find more than losses: `E` at an evaluation, `P` after an epoch.
 */
export type TrainOptions<B = Batch, E extends Losses = Losses, P extends object = never> = TrainSettings<B, E, P> &
  BatchLossOption<B>;

/** The options that do not depend on what the batches are. */
export interface TrainSettings<B, E extends Losses, P extends object = never> {
  readonly model: GPTModel;
  readonly optimizer: AdamW;
  readonly trainLoader: BatchLoader<B>;
  readonly valLoader: BatchLoader<B>;
  readonly epochs?: number;
  /** Steps of the whole run, those before a resume included. */
  readonly maxSteps?: number;
  /** Time for this part of the run; the step under way is finished. */
  readonly maxSeconds?: number;
  /** Learning rate by step (default: the optimizer's, constant). */
  readonly schedule?: Schedule;
  readonly clipNorm?: Clipping;
  /** Batches per step (default 1): their mean gradient makes one update. */
  readonly accumulationSteps?: number;
  /** Where dropout masks come from (default: fast ones, seeded from the training loader's generator). */
  readonly dropout?: DropoutSource;
  /** Turns the step's function of tensors into a faster one (default: leaves it). */
  readonly compile?: Compile;
  /** Evaluates after every step whose number is divisible by it, the first included (default: never). */
  readonly evalEvery?: number;
  /** Batches per evaluation and loader (default 5). */
  readonly evalBatches?: number;
  /** What an evaluation is (default: the losses by `evaluateModel`); what it finds is in the event. */
  readonly evaluate?: () => Promise<E>;
  /** Looks at the model after each epoch, before the sample; what it finds is in an event of its own (default: no look). */
  readonly evaluateEpoch?: () => Promise<P>;
  /** Writes a sample after each epoch, or after every so many steps (default: never). */
  readonly sampleEvery?: "epoch" | number;
  /** What samples begin with; needed with `sampleEvery`, as is `tokenizer`. */
  readonly startContext?: string;
  readonly tokenizer?: Tokenizer;
  /** A step event for every so many steps (default 1). Steps in between are not waited for. */
  readonly logEvery?: number;
  /** Whether step events have the gradient norm, which costs some time (default true). */
  readonly trackGradNorm?: boolean;
  /** Saves after every so many steps (default: only at the end); needs `saveCheckpoint`. */
  readonly checkpointEvery?: number;
  /** Saves model, optimizer, generator and the given state; answers with the path. */
  readonly saveCheckpoint?: (state: TrainState) => Promise<string>;
  /** Ends the run after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Goes on from a checkpoint's state; model, optimizer and generator are restored already. */
  readonly resume?: TrainState;
}

const COUNTS = [
  "epochs",
  "maxSteps",
  "accumulationSteps",
  "evalEvery",
  "evalBatches",
  "logEvery",
  "checkpointEvery",
] as const satisfies readonly (keyof TrainSettings<Batch, Losses>)[];

/** @throws {TrainOptionsError} naming what is wrong. */
export function validateTrainOptions<B, E extends Losses, P extends object>(options: TrainSettings<B, E, P>): void {
  for (const name of COUNTS) requireCount(name, options[name]);
  if (options.sampleEvery !== "epoch") requireCount("sampleEvery", options.sampleEvery);
  if (options.epochs === undefined && options.maxSteps === undefined && options.maxSeconds === undefined) {
    throw new TrainOptionsError("Nothing ends the run: give epochs, maxSteps or maxSeconds.");
  }
  if (options.maxSeconds !== undefined && !(options.maxSeconds > 0)) {
    throw new TrainOptionsError(`maxSeconds is ${options.maxSeconds}; give a time above 0.`);
  }
  if (options.sampleEvery !== undefined && (options.tokenizer === undefined || options.startContext === undefined)) {
    throw new TrainOptionsError("sampleEvery needs tokenizer and startContext too.");
  }
  if (options.checkpointEvery !== undefined && !options.saveCheckpoint) {
    throw new TrainOptionsError("checkpointEvery needs saveCheckpoint too.");
  }
  if (options.trainLoader.length === 0) {
    throw new TrainOptionsError(
      "The training loader has no batch: give more text, or a smaller batchSize or maxLength.",
    );
  }
}

function requireCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return;
  throw new TrainOptionsError(`${name} is ${value}; give a whole number of at least 1.`);
}
