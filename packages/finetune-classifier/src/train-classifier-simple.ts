import { valueAndGrads } from "@scratch-llm/nn";
import { type BatchLoader, evaluateModel, type LanguageModel } from "@scratch-llm/pretrain";
import * as tf from "@tensorflow/tfjs";
import { calcAccuracyLoader } from "./accuracy.ts";
import { calcClassLossBatch, type ReadOut } from "./class-logits.ts";
import type { TextBatch } from "./spam-dataset.ts";

/** What {@link trainClassifierSimple} needs; the names are the book's. */
export interface TrainClassifierSimpleOptions extends ReadOut {
  readonly model: LanguageModel;
  readonly trainLoader: BatchLoader<TextBatch>;
  readonly valLoader: BatchLoader<TextBatch>;
  /** AdamW or SGD over `model.namedParameters()`. */
  readonly optimizer: { step(grads: ReadonlyMap<string, tf.Tensor>): void };
  readonly numEpochs: number;
  /** Steps from one evaluation to the next. */
  readonly evalFreq: number;
  /** Batches per evaluation and loader. */
  readonly evalIter: number;
  /** Hears what the book prints: a line per evaluation and per epoch. */
  readonly log?: (line: string) => void;
}

/** Losses per evaluation, accuracies per epoch. */
export interface ClassifierHistory {
  readonly trainLosses: number[];
  readonly valLosses: number[];
  readonly trainAccs: number[];
  readonly valAccs: number[];
  examplesSeen: number;
}

/** The book's training loop for a classifier, line by line (listing 6.10). `trainClassifier` does the same and more. */
export async function trainClassifierSimple(options: TrainClassifierSimpleOptions): Promise<ClassifierHistory> {
  const { model, trainLoader, valLoader, optimizer, numEpochs, evalFreq, evalIter, position, padTokenId, log } =
    options;
  const history: ClassifierHistory = { trainLosses: [], valLosses: [], trainAccs: [], valAccs: [], examplesSeen: 0 };
  const readOut = { position, padTokenId };
  const batchLoss = (batch: TextBatch): tf.Scalar => calcClassLossBatch(batch, model, readOut);
  const params = model.namedParameters();
  let globalStep = -1;

  for (let epoch = 0; epoch < numEpochs; epoch++) {
    model.train(); // dropout is active
    for (const batch of trainLoader) {
      const { value: loss, grads } = valueAndGrads(() => batchLoss(batch), params);
      optimizer.step(grads); // update the weights by the gradients
      history.examplesSeen += batch.inputs.shape[0];
      globalStep += 1;
      tf.dispose([loss, ...grads.values(), batch.inputs, batch.targets]);

      if (globalStep % evalFreq === 0) {
        const losses = await evaluateModel<TextBatch>({ model, trainLoader, valLoader, evalIter, batchLoss });
        history.trainLosses.push(losses.trainLoss);
        history.valLosses.push(losses.valLoss);
        const [train, val] = [losses.trainLoss.toFixed(3), losses.valLoss.toFixed(3)];
        log?.(`Ep ${epoch + 1} (Step ${String(globalStep).padStart(6, "0")}): Train loss ${train}, Val loss ${val}`);
      }
    }

    const trainAccuracy = await calcAccuracyLoader(trainLoader, { model, numBatches: evalIter, ...readOut });
    const valAccuracy = await calcAccuracyLoader(valLoader, { model, numBatches: evalIter, ...readOut });
    history.trainAccs.push(trainAccuracy);
    history.valAccs.push(valAccuracy);
    const [train, val] = [(100 * trainAccuracy).toFixed(2), (100 * valAccuracy).toFixed(2)];
    log?.(`Training accuracy: ${train}% | Validation accuracy: ${val}%`);
  }
  return history;
}
