import { type Compile, identityCompile, withoutDropout } from "@scratch-llm/nn";
import { compileOnBatch, type LanguageModel } from "@scratch-llm/pretrain";
import * as tf from "@tensorflow/tfjs";
import { classLogits, type ClassLossOptions, type ReadOut } from "./class-logits.ts";
import type { TextBatch } from "./spam-dataset.ts";

/** Counts a batch: how many texts count, and how many of them the model classifies rightly, as float32 (2). */
export type CountCorrect = (batch: TextBatch) => tf.Tensor;

/** What {@link calcAccuracyLoader} needs. */
export interface AccuracyOptions extends ClassLossOptions {
  readonly model: LanguageModel;
  /** Only the first batches (default: all). */
  readonly numBatches?: number;
  /** Makes the pass of a batch faster (default: leaves it). */
  readonly compile?: Compile;
}

/**
 * Share of a loader's texts that the model classifies rightly (listing 6.8), without dropout; NaN where there is no text.
 *
 * @example
 * const accuracy = await calcAccuracyLoader(valLoader, { model, position: "last", padTokenId: 50256 });
 */
export async function calcAccuracyLoader(
  loader: Iterable<TextBatch> & { readonly length: number },
  { model, numBatches, compile = identityCompile, ...options }: AccuracyOptions,
): Promise<number> {
  return meanAccuracy(loader, model, countCorrect(model, options, compile), numBatches);
}

/** A count that may be used again and again, compiled once. */
export function countCorrect(model: LanguageModel, options: ClassLossOptions, compile: Compile): CountCorrect {
  const { ignoreIndex = -100, ...readOut } = options;
  return compileOnBatch((batch: TextBatch) => tf.tidy(() => counts(batch, model, ignoreIndex, readOut)), compile, {
    name: "accuracy",
  });
}

/** The accuracy over the first batches of a loader; the model is in evaluation mode meanwhile. */
export async function meanAccuracy(
  loader: Iterable<TextBatch> & { readonly length: number },
  model: LanguageModel,
  count: CountCorrect,
  numBatches: number = loader.length,
): Promise<number> {
  let [correct, all, batches] = [0, 0, 0];
  await withoutDropout(model, async () => {
    for (const batch of loader) {
      const counted = count(batch);
      const [ofAll = 0, right = 0] = await counted.data();
      tf.dispose([counted, { ...batch }]);
      all += ofAll;
      correct += right;
      batches += 1;
      if (batches >= numBatches) break;
    }
  });
  return correct / all;
}

function counts(batch: TextBatch, model: LanguageModel, ignoreIndex: number, readOut: ReadOut): tf.Tensor {
  const predicted = classLogits(model, batch.inputs, readOut).argMax(-1).cast("int32"); // (b)
  const counted = batch.targets.notEqual(tf.scalar(ignoreIndex, "int32"));
  const right = predicted.equal(batch.targets); // no prediction equals ignoreIndex, unless it is a class
  return tf.stack([counted.cast("float32").sum(), counted.logicalAnd(right).cast("float32").sum()]);
}
