import { identityCompile } from "@scratch-llm/nn";
import { type Losses, type TrainEvent, trainModel, type TrainSettings } from "@scratch-llm/pretrain";
import { countCorrect, meanAccuracy } from "./accuracy.ts";
import { calcClassLossBatch, type ClassLossOptions } from "./class-logits.ts";
import type { TextBatch } from "./spam-dataset.ts";

/** Shares of rightly classified texts. */
export interface Accuracies {
  readonly trainAccuracy: number;
  readonly valAccuracy: number;
}

/** Options of {@link trainClassifier}: those of `trainModel`, and from which logits the class is read. */
export interface TrainClassifierOptions
  extends Omit<TrainSettings<TextBatch, Losses, Accuracies>, "evaluate" | "evaluateEpoch">, ClassLossOptions {}

/**
 * Trains a classifier as a stream of events: `trainModel`'s, and after each epoch one of type "epoch" with the accuracies over
 * the first `evalBatches` batches of either loader. The order, and so every draw, is that of the book's listing 6.10.
 *
 * @throws TrainOptionsError, NonFiniteLossError as `trainModel`
 * @example
 * ```ts
 * addClassHead(model, { numClasses: 2 });
 * chooseTrainable(model, "last_block");
 * const optimizer = new AdamW(model.namedParameters(), { lr: 5e-5, weightDecay: 0.1 });
 * const readOut = { position: "last", padTokenId: 50256 } as const;
 * for await (const event of trainClassifier({ model, optimizer, trainLoader, valLoader, ...readOut, epochs: 5 })) {
 *   if (event.type === "epoch") console.log(event.trainAccuracy, event.valAccuracy);
 * }
 * ```
 */
export function trainClassifier(options: TrainClassifierOptions): AsyncGenerator<TrainEvent<Losses, Accuracies>> {
  const { position, padTokenId, ignoreIndex = -100, ...settings } = options;
  const { model, trainLoader, valLoader, evalBatches = 5, compile = identityCompile } = settings;
  const lossOptions = { position, padTokenId, ignoreIndex };
  const count = countCorrect(model, lossOptions, compile);
  return trainModel<TextBatch, Losses, Accuracies>({
    ...settings,
    batchLoss: (batch, classifier) => calcClassLossBatch(batch, classifier, lossOptions),
    evaluateEpoch: async () => ({
      trainAccuracy: await meanAccuracy(trainLoader, model, count, evalBatches),
      valAccuracy: await meanAccuracy(valLoader, model, count, evalBatches),
    }),
  });
}
