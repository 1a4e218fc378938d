import type { LanguageModel } from "@scratch-llm/pretrain";
import * as tf from "@tensorflow/tfjs";
import { pairLogprobs } from "./logprobs.ts";
import type { ReferencedBatch } from "./with-reference.ts";

/** What {@link computeDpoLoss} compares; each tensor is (b). */
export interface DpoLogprobs {
  readonly modelChosenLogprobs: tf.Tensor1D;
  readonly modelRejectedLogprobs: tf.Tensor1D;
  readonly referenceChosenLogprobs: tf.Tensor1D;
  readonly referenceRejectedLogprobs: tf.Tensor1D;
}

/** How far a policy prefers the chosen answers. */
export interface DpoLoss {
  /** Mean over the pairs. */
  readonly loss: tf.Scalar;
  /** log π(chosen) − log π_ref(chosen) of each pair, (b): without the paper's factor β, as in the book. */
  readonly chosenRewards: tf.Tensor1D;
  readonly rejectedRewards: tf.Tensor1D;
}

/**
 * The loss of direct preference optimization: −log σ(β · (log π(chosen)/π(rejected) − log π_ref(chosen)/π_ref(rejected))),
 * equation 7 of Rafailov et al., arXiv 2305.18290; the DPO notebook's `compute_dpo_loss`.
 *
 * @param beta how strongly the policy is held to the reference; 0.1 to 0.5, default 0.1
 */
export function computeDpoLoss(logprobs: DpoLogprobs, beta = 0.1): DpoLoss {
  const { modelChosenLogprobs, modelRejectedLogprobs, referenceChosenLogprobs, referenceRejectedLogprobs } = logprobs;
  const modelLogratios = modelChosenLogprobs.sub(modelRejectedLogprobs);
  const referenceLogratios = referenceChosenLogprobs.sub(referenceRejectedLogprobs);
  const logits = modelLogratios.sub(referenceLogratios);
  const losses = tf.softplus(logits.mul(-beta)); // (b): −log σ(x) = softplus(−x); tf.logSigmoid's gradient is broken
  return {
    loss: losses.mean(),
    chosenRewards: modelChosenLogprobs.sub(referenceChosenLogprobs),
    rejectedRewards: modelRejectedLogprobs.sub(referenceRejectedLogprobs),
  };
}

/** {@link computeDpoLoss} of a batch that carries what the reference says of it. */
export function computeDpoLossBatch(batch: ReferencedBatch, policy: LanguageModel, beta = 0.1): DpoLoss {
  const { chosen, rejected } = pairLogprobs(batch, policy);
  return computeDpoLoss(
    {
      modelChosenLogprobs: chosen,
      modelRejectedLogprobs: rejected,
      referenceChosenLogprobs: batch.referenceChosen,
      referenceRejectedLogprobs: batch.referenceRejected,
    },
    beta,
  );
}
