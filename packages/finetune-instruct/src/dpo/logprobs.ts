import { crossEntropyPerToken } from "@scratch-llm/nn";
import type { LanguageModel } from "@scratch-llm/pretrain";
import * as tf from "@tensorflow/tfjs";
import type { PreferenceBatch } from "./collate-preferences.ts";

const IGNORED = -100;

/**
 * How likely each row is: the mean over its tokens of log p(token | those before it), as the DPO notebook's
 * `compute_logprobs`. The paper has the sum, which favours short answers.
 *
 * @param logits (b, t, v)
 * @param labels the tokens that the logits were made from, int32 (b, t)
 * @param selectionMask int32 (b, t), 1 for the tokens that count (default: all but the first, which nothing predicts)
 * @returns (b)
 */
export function computeLogprobs(logits: tf.Tensor3D, labels: tf.Tensor2D, selectionMask?: tf.Tensor2D): tf.Tensor1D {
  const [b, t, v] = logits.shape;
  // Position i predicts token i + 1, and the last one nothing: it counts as masked, so that the logits stay whole.
  const next = labels.slice([0, 1]); // (b, t − 1)
  const counts = selectionMask ? selectionMask.slice([0, 1]) : tf.onesLike(next);
  const targets = next.mul(counts).add(tf.scalar(1, "int32").sub(counts).mul(tf.scalar(IGNORED, "int32")));
  const padded = tf.concat([targets, tf.fill([b, 1], IGNORED, "int32")], 1);
  const losses = crossEntropyPerToken(logits.reshape([b * t, v]), padded.reshape([b * t]));
  const sums = losses.reshape<tf.Tensor2D>([b, t]).sum<tf.Tensor1D>(1);
  return sums.div<tf.Tensor1D>(counts.sum(1).cast("float32")).neg();
}

/** What a model says of both answers, each (b). */
export interface PairLogprobs {
  readonly chosen: tf.Tensor1D;
  readonly rejected: tf.Tensor1D;
}

/** {@link computeLogprobs} of both answers of a batch. */
export function pairLogprobs(batch: PreferenceBatch, model: LanguageModel): PairLogprobs {
  return {
    chosen: computeLogprobs(model.forward(batch.chosen), batch.chosen, batch.chosenMask),
    rejected: computeLogprobs(model.forward(batch.rejected), batch.rejected, batch.rejectedMask),
  };
}
