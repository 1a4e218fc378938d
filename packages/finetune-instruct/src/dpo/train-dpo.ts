import { type Compile, identityCompile, withoutDropout } from "@scratch-llm/nn";
import {
  type BatchLoader,
  compileOnBatch,
  type LanguageModel,
  type Losses,
  type TrainEvent,
  trainModel,
  type TrainSettings,
} from "@scratch-llm/pretrain";
import * as tf from "@tensorflow/tfjs";
import { computeDpoLossBatch } from "./dpo-loss.ts";
import type { ReferencedBatch } from "./with-reference.ts";

/** How well a policy prefers the chosen answers; means over the batches. */
export interface DpoMeasures extends Losses {
  readonly trainChosenReward: number;
  readonly trainRejectedReward: number;
  /** Chosen reward − rejected reward: 0 at the start, and DPO lets it grow. */
  readonly trainRewardMargin: number;
  /** Share of the pairs whose chosen answer has the larger reward. */
  readonly trainAccuracy: number;
  readonly valChosenReward: number;
  readonly valRejectedReward: number;
  readonly valRewardMargin: number;
  readonly valAccuracy: number;
}

/** What {@link evaluateDpo} needs. */
export interface EvaluateDpoOptions {
  readonly model: LanguageModel;
  readonly trainLoader: BatchLoader<ReferencedBatch>;
  readonly valLoader: BatchLoader<ReferencedBatch>;
  /** Batches of either loader to average over. */
  readonly evalIter: number;
  /** Default 0.1. */
  readonly beta?: number;
  readonly compile?: Compile;
}

/** Losses, rewards and accuracies without dropout: the DPO notebook's `evaluate_dpo_loss_loader`. */
export function evaluateDpo(options: EvaluateDpoOptions): Promise<DpoMeasures> {
  return evaluation(options)();
}

/** Options of {@link trainDpo}: those of `trainModel`, and β. */
export interface TrainDpoOptions extends Omit<TrainSettings<ReferencedBatch, DpoMeasures>, "evaluate"> {
  /** Default 0.1. */
  readonly beta?: number;
}

/**
 * Direct preference optimization as a stream of events: the DPO notebook's `train_model_dpo_simple`. The loop is
 * `trainModel`'s, and its evaluations have rewards and accuracies besides the losses.
 *
 * @throws TrainOptionsError, NonFiniteLossError as `trainModel`
 * @example
 * ```ts
 * const pairs = await withReference(new PreferenceDataset(entries, tokenizer), model);
 * const trainLoader = new DataLoader(pairs, { batchSize: 8, collate: collateReferenced() });
 * for await (const event of trainDpo({ model, optimizer, trainLoader, valLoader, epochs: 1, evalEvery: 5 })) {
 *   if (event.type === "eval") console.log(event.valLoss, event.valRewardMargin, event.valAccuracy);
 * }
 * ```
 */
export function trainDpo({ beta = 0.1, ...options }: TrainDpoOptions): AsyncGenerator<TrainEvent<DpoMeasures>> {
  const { evalBatches: evalIter = 5 } = options;
  return trainModel<ReferencedBatch, DpoMeasures>({
    ...options,
    batchLoss: (batch, policy) => computeDpoLossBatch(batch, policy, beta).loss,
    evaluate: evaluation({ ...options, evalIter, beta }),
  });
}

/** An evaluation that can be repeated: compiled once. */
function evaluation(options: EvaluateDpoOptions): () => Promise<DpoMeasures> {
  const { model, trainLoader, valLoader, evalIter, beta = 0.1, compile = identityCompile } = options;
  const measure = compileOnBatch((batch: ReferencedBatch) => measures(batch, model, beta), compile, { name: "dpo" });
  const evaluate = async (): Promise<DpoMeasures> => {
    const train = await meanOver(trainLoader, evalIter, measure);
    const val = await meanOver(valLoader, evalIter, measure);
    return {
      trainLoss: train.loss,
      trainChosenReward: train.chosen,
      trainRejectedReward: train.rejected,
      trainRewardMargin: train.chosen - train.rejected,
      trainAccuracy: train.accuracy,
      valLoss: val.loss,
      valChosenReward: val.chosen,
      valRejectedReward: val.rejected,
      valRewardMargin: val.chosen - val.rejected,
      valAccuracy: val.accuracy,
    };
  };
  return () => withoutDropout(model, evaluate);
}

/** Loss, chosen reward, rejected reward and accuracy of a batch: (4). */
function measures(batch: ReferencedBatch, model: LanguageModel, beta: number): tf.Tensor {
  const { loss, chosenRewards, rejectedRewards } = computeDpoLossBatch(batch, model, beta);
  const accuracy = chosenRewards.greater(rejectedRewards).cast("float32").mean();
  return tf.stack([loss, chosenRewards.mean(), rejectedRewards.mean(), accuracy]);
}

async function meanOver(
  loader: BatchLoader<ReferencedBatch>,
  numBatches: number,
  measure: (batch: ReferencedBatch) => tf.Tensor,
): Promise<Record<"loss" | "chosen" | "rejected" | "accuracy", number>> {
  const sums = [0, 0, 0, 0];
  const count = Math.min(numBatches, loader.length);
  let done = 0;
  for (const batch of count === 0 ? [] : loader) {
    const measured = tf.tidy(() => measure(batch));
    (await measured.data()).forEach((value, i) => (sums[i] = (sums[i] ?? 0) + value));
    tf.dispose([measured, { ...batch }]);
    done += 1;
    if (done === count) break;
  }
  const [loss, chosen, rejected, accuracy] = sums.map((sum) => sum / count) as [number, number, number, number];
  return { loss, chosen, rejected, accuracy };
}
