import type { Batch } from "@scratch-llm/dataloader";
import { crossEntropy, type Module } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { BatchLoader } from "./batch-loader.ts";

/** A module that gives logits, (b, t, vocabSize), for token ids, int32 (b, t). */
export interface LanguageModel extends Module {
  forward(ids: tf.Tensor2D): tf.Tensor3D;
}

/** The loss of one batch: {@link calcLossBatch}, or a compiled form of it. */
export type BatchLoss = (batch: Batch, model: LanguageModel) => tf.Scalar;

/**
 * Mean cross-entropy of one batch (section 5.1.3): how surprised the model is by each next token. Targets of −100 do not
 * count. The caller disposes the loss.
 */
export function calcLossBatch({ inputs, targets }: Batch, model: LanguageModel): tf.Scalar {
  const logits = model.forward(inputs); // (b, t, v)
  const [b, t, v] = logits.shape;
  return crossEntropy(logits.reshape([b * t, v]), targets.reshape([b * t]));
}

/** Settings of {@link calcLossLoader}. */
export interface LoaderLossOptions {
  /** Only the first batches (default: all). */
  readonly numBatches?: number;
  readonly batchLoss?: BatchLoss;
}

/** Mean of the batches' losses (listing 5.2); NaN where there is no batch. Put the model in evaluation mode first. */
export async function calcLossLoader(
  loader: Iterable<Batch> & { readonly length: number },
  model: LanguageModel,
  { numBatches = loader.length, batchLoss = calcLossBatch }: LoaderLossOptions = {},
): Promise<number> {
  const count = Math.min(numBatches, loader.length);
  if (count < 1) return Number.NaN;
  let total = 0;
  let done = 0;
  for (const batch of loader) {
    const loss = tf.tidy(() => batchLoss(batch, model));
    const [value = Number.NaN] = await loss.data();
    total += value;
    tf.dispose([loss, batch.inputs, batch.targets]);
    done += 1;
    if (done === count) break;
  }
  return total / count;
}

/** What {@link evaluateModel} needs. */
export interface EvaluateOptions {
  readonly model: LanguageModel;
  readonly trainLoader: BatchLoader;
  readonly valLoader: BatchLoader;
  /** Batches of either loader to average over. */
  readonly evalIter: number;
  readonly batchLoss?: BatchLoss;
}

/**
 * Training and validation loss without dropout (section 5.2). Each loader begins a new pass, which draws from its generator
 * as PyTorch's does: evaluating more or less often changes the order of later epochs.
 */
export async function evaluateModel(options: EvaluateOptions): Promise<{ trainLoss: number; valLoss: number }> {
  const { model, trainLoader, valLoader, evalIter, batchLoss = calcLossBatch } = options;
  const { training } = model;
  model.eval();
  try {
    const trainLoss = await calcLossLoader(trainLoader, model, { numBatches: evalIter, batchLoss });
    const valLoss = await calcLossLoader(valLoader, model, { numBatches: evalIter, batchLoss });
    return { trainLoss, valLoss };
  } finally {
    model.train(training);
  }
}

/** Perplexity of a loss (section 5.1.2): among how many equally likely tokens the model hesitates, e^loss. */
export function perplexity(loss: number): number {
  return Math.exp(loss);
}
