import type { GPTModel } from "@scratch-llm/gpt";
import type { AdamW, DropoutSource } from "@scratch-llm/nn";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import type { BatchLoader } from "./batch-loader.ts";
import { warmupCosine } from "./schedules.ts";
import type { TrainEvent } from "./train-events.ts";
import { trainModel } from "./train-model.ts";
import type { LossHistory } from "./train-model-simple.ts";

/** The largest entry of all gradients, not of their absolute values (D.3). */
export async function findHighestGradient(grads: ReadonlyMap<string, tf.Tensor>): Promise<number> {
  const highest = tf.tidy(() => tf.stack([...grads.values()].map((grad) => grad.max())).max());
  const [value] = await highest.data();
  highest.dispose();
  return value as number;
}

/** What {@link trainModelAppendixD} needs; the names are the book's. */
export interface AppendixDOptions {
  readonly model: GPTModel;
  readonly trainLoader: BatchLoader;
  readonly valLoader: BatchLoader;
  /** Its learning rate is the peak. */
  readonly optimizer: AdamW;
  readonly nEpochs: number;
  readonly evalFreq: number;
  readonly evalIter: number;
  readonly startContext: string;
  readonly tokenizer: Tokenizer;
  readonly warmupSteps: number;
  /** Default 3e-5. */
  readonly initialLr?: number;
  /** Default 1e-6. */
  readonly minLr?: number;
  /** Clips from the step after the first full one, as the printed book does (default false). */
  readonly origBookVersion?: boolean;
  readonly dropout?: DropoutSource;
  /** Hears everything that `trainModel` tells. */
  readonly onEvent?: (event: TrainEvent) => void;
}

/** Appendix D's training function: `trainModel` with warmup, cosine decay and clipping to norm 1 after the warmup (D.4). */
export async function trainModelAppendixD(options: AppendixDOptions): Promise<LossHistory & { lrs: number[] }> {
  const { optimizer, nEpochs, warmupSteps, initialLr = 3e-5, minLr = 1e-6, origBookVersion = false } = options;
  const { model, trainLoader, valLoader, evalFreq, evalIter, startContext, tokenizer, dropout } = options;
  const totalSteps = trainLoader.length * nEpochs;
  const history = { trainLosses: [] as number[], valLosses: [] as number[], tokensSeen: [] as number[] };
  const lrs: number[] = [];
  const events = trainModel({
    model,
    trainLoader,
    valLoader,
    optimizer,
    startContext,
    tokenizer,
    epochs: nEpochs,
    evalEvery: evalFreq,
    evalBatches: evalIter,
    sampleEvery: "epoch",
    schedule: warmupCosine({ peakLr: optimizer.lr, initialLr, minLr, warmupSteps, totalSteps }),
    clipNorm: { maxNorm: 1, fromStep: origBookVersion ? warmupSteps + 1 : warmupSteps },
    ...(dropout && { dropout }),
  });
  for await (const event of events) {
    options.onEvent?.(event);
    if (event.type === "step") lrs.push(event.lr);
    if (event.type !== "eval") continue;
    history.trainLosses.push(event.trainLoss);
    history.valLosses.push(event.valLoss);
    history.tokensSeen.push(event.tokensSeen);
  }
  return { ...history, lrs };
}
