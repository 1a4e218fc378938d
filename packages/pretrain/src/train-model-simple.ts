import type { GPTModel } from "@scratch-llm/gpt";
import { valueAndGrads } from "@scratch-llm/nn";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import type { BatchLoader } from "./batch-loader.ts";
import { generateSample } from "./generate-sample.ts";
import { calcLossBatch, evaluateModel } from "./losses.ts";

/** What {@link trainModelSimple} needs; the names are the book's. */
export interface TrainModelSimpleOptions {
  readonly model: GPTModel;
  readonly trainLoader: BatchLoader;
  readonly valLoader: BatchLoader;
  /** AdamW or SGD over `model.namedParameters()`. */
  readonly optimizer: { step(grads: ReadonlyMap<string, tf.Tensor>): void };
  readonly numEpochs: number;
  /** Steps from one evaluation to the next. */
  readonly evalFreq: number;
  /** Batches per evaluation and loader. */
  readonly evalIter: number;
  readonly startContext: string;
  readonly tokenizer: Tokenizer;
  /** Hears what the book prints: a line per evaluation, a sample per epoch. */
  readonly log?: (line: string) => void;
}

/** One entry per evaluation. */
export interface LossHistory {
  readonly trainLosses: number[];
  readonly valLosses: number[];
  readonly tokensSeen: number[];
}

/**
 * The book's training loop, line by line (listing 5.3). `trainModel` does the same and more.
 *
 * @example
 * ```ts
 * const { trainLosses } = await trainModelSimple({
 *   model, trainLoader, valLoader, optimizer, numEpochs: 10, evalFreq: 5, evalIter: 5,
 *   startContext: "Every effort moves you", tokenizer, log: console.log,
 * });
 * ```
 */
export async function trainModelSimple(options: TrainModelSimpleOptions): Promise<LossHistory> {
  const { model, trainLoader, valLoader, optimizer, numEpochs, evalFreq, evalIter, startContext, tokenizer, log } =
    options;
  const history: LossHistory = { trainLosses: [], valLosses: [], tokensSeen: [] };
  const params = model.namedParameters();
  let tokensSeen = 0;
  let globalStep = -1;

  for (let epoch = 0; epoch < numEpochs; epoch++) {
    model.train(); // dropout is active
    for (const batch of trainLoader) {
      const { value: loss, grads } = valueAndGrads(() => calcLossBatch(batch, model), params);
      optimizer.step(grads); // update the weights by the gradients
      tokensSeen += batch.inputs.size;
      globalStep += 1;
      tf.dispose([loss, ...grads.values(), batch.inputs, batch.targets]);

      if (globalStep % evalFreq === 0) {
        const { trainLoss, valLoss } = await evaluateModel({ model, trainLoader, valLoader, evalIter });
        history.trainLosses.push(trainLoss);
        history.valLosses.push(valLoss);
        history.tokensSeen.push(tokensSeen);
        const step = String(globalStep).padStart(6, "0");
        log?.(`Ep ${epoch + 1} (Step ${step}): Train loss ${trainLoss.toFixed(3)}, Val loss ${valLoss.toFixed(3)}`);
      }
    }
    const text = await generateSample({ model, tokenizer, startContext });
    log?.(text.replaceAll("\n", " "));
  }
  return history;
}
