import type { Batch } from "@scratch-llm/dataloader";
import { crossEntropy, type Module, withoutDropout } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { BatchLoader, Tensors } from "./batch-loader.ts";

/** A module that gives logits, (b, t, vocabSize), for token ids, int32 (b, t). */
export interface LanguageModel extends Module {
  forward(ids: tf.Tensor2D): tf.Tensor3D;
}

/** The loss of one batch: {@link calcLossBatch}, a compiled form of it, or another chapter's. The caller disposes it. */
export type BatchLoss<B = Batch> = (batch: B, model: LanguageModel) => tf.Scalar;

/** How a batch's loss is found. It may be left out for batches of inputs and targets: then it is {@link calcLossBatch}. */
export type BatchLossOption<B> =
  | { readonly batchLoss: BatchLoss<B> }
  | (B extends Batch ? { readonly batchLoss?: BatchLoss<B> } : never);

/** The loss that the option names. */
export function batchLossOf<B>({ batchLoss }: BatchLossOption<B>): BatchLoss<B> {
  // Without one, BatchLossOption has made sure that the batches are inputs and targets.
  return batchLoss ?? (calcLossBatch as unknown as BatchLoss<B>);
}

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
export type LoaderLossOptions<B = Batch> = BatchLossOption<B> & {
  /** Only the first batches (default: all). */
  readonly numBatches?: number;
};

/** Mean of the batches' losses (listing 5.2); NaN where there is no batch. Put the model in evaluation mode first. */
export async function calcLossLoader<B extends Tensors<B> = Batch>(
  loader: Iterable<B> & { readonly length: number },
  model: LanguageModel,
  options: LoaderLossOptions<B> = {} as LoaderLossOptions<B>,
): Promise<number> {
  const count = Math.min(options.numBatches ?? loader.length, loader.length);
  const batchLoss = batchLossOf(options);
  if (count < 1) return Number.NaN;
  let total = 0;
  let done = 0;
  for (const batch of loader) {
    const loss = tf.tidy(() => batchLoss(batch, model));
    const [value = Number.NaN] = await loss.data();
    total += value;
    tf.dispose([loss, { ...batch }]);
    done += 1;
    if (done === count) break;
  }
  return total / count;
}

/** What {@link evaluateModel} needs. */
export type EvaluateOptions<B = Batch> = BatchLossOption<B> & {
  readonly model: LanguageModel;
  readonly trainLoader: BatchLoader<B>;
  readonly valLoader: BatchLoader<B>;
  /** Batches of either loader to average over. */
  readonly evalIter: number;
};

/** What an evaluation finds. */
export interface Losses {
  readonly trainLoss: number;
  readonly valLoss: number;
}

/**
 * Training and validation loss without dropout (section 5.2). Each loader begins a new pass, which draws from its generator
 * as PyTorch's does: evaluating more or less often changes the order of later epochs.
 */
export async function evaluateModel<B extends Tensors<B> = Batch>(options: EvaluateOptions<B>): Promise<Losses> {
  const { model, trainLoader, valLoader, evalIter } = options;
  const forLoader = { numBatches: evalIter, batchLoss: batchLossOf(options) };
  return withoutDropout(model, async () => ({
    trainLoss: await calcLossLoader<B>(trainLoader, model, forLoader),
    valLoss: await calcLossLoader<B>(valLoader, model, forLoader),
  }));
}

/** Perplexity of a loss (section 5.1.2): among how many equally likely tokens the model hesitates, e^loss. */
export function perplexity(loss: number): number {
  return Math.exp(loss);
}
