import { stackRows } from "@scratch-llm/dataloader";
import { type Compile, identityCompile, withoutDropout } from "@scratch-llm/nn";
import type { LanguageModel } from "@scratch-llm/pretrain";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import { classLogits } from "./class-logits.ts";
import { encodeText, padRow } from "./encode-text.ts";
import type { ClassifierSettings } from "./settings.ts";

/** What {@link classifyReview} needs. */
export interface ClassifyOptions {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly settings: ClassifierSettings;
}

/** {@link classifyReview} for many texts. */
export interface ClassifyAllOptions extends ClassifyOptions {
  /** Texts that are classified at the same time; the classes do not depend on it. Default 8; 1 without padding. */
  readonly batchSize?: number;
  /** Makes the pass of a batch faster (default: leaves it). */
  readonly compile?: Compile;
}

/** The class of a text. */
export interface Classification {
  /** The most probable class. */
  readonly label: string;
  /** Every class, in the order of their numbers. */
  readonly probabilities: readonly { readonly label: string; readonly probability: number }[];
}

/**
 * Classifies a text (listing 6.12). The text is cut and filled up as the training texts were; the book's function, left without a
 * length, fails.
 *
 * @example
 * const { label, probabilities } = await classifyReview("You are a winner!", { model, tokenizer, settings });
 */
export async function classifyReview(text: string, options: ClassifyOptions): Promise<Classification> {
  for await (const found of classifyAll([text], options)) return found;
  throw new Error("unreachable: one text has one class");
}

/** Classifies one text after the other, a few at the same time, in the order of the list. */
export async function* classifyAll(
  texts: readonly string[],
  { model, tokenizer, settings, batchSize = 8, compile = identityCompile }: ClassifyAllOptions,
): AsyncGenerator<Classification, void, void> {
  const { labels, maxLength, padding } = settings;
  const rowsAtOnce = padding ? batchSize : 1;
  const probabilities = compile(
    (ids: tf.Tensor2D) => tf.tidy(() => classLogits(model, ids, settings).softmax<tf.Tensor2D>()), // (b, c)
    { name: "classify" },
  );
  for (let start = 0; start < texts.length; start += rowsAtOnce) {
    const rows = texts
      .slice(start, start + rowsAtOnce)
      .map((text) => padRow(encodeText(text, tokenizer, maxLength), settings));
    const values = await evaluate(model, rows, probabilities);
    for (let row = 0; row < rows.length; row++) {
      yield classification(values.subarray(row * labels.length, (row + 1) * labels.length), labels);
    }
  }
}

async function evaluate(
  model: LanguageModel,
  rows: readonly Int32Array[],
  probabilities: (ids: tf.Tensor2D) => tf.Tensor2D,
): Promise<Float32Array> {
  const ids = stackRows(rows);
  let found: tf.Tensor2D | undefined;
  try {
    found = withoutDropout(model, () => probabilities(ids));
    return await found.data<"float32">();
  } finally {
    tf.dispose(found ? [ids, found] : ids);
  }
}

function classification(values: Float32Array, labels: readonly string[]): Classification {
  return {
    label: labels[values.indexOf(Math.max(...values))] ?? "",
    probabilities: labels.map((label, i) => ({ label, probability: values[i] ?? Number.NaN })),
  };
}
