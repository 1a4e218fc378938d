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
  const { model, tokenizer, settings } = options;
  const { labels, maxLength } = settings;
  const { training } = model;
  model.eval();
  const probs = tf.tidy(() => {
    const row = padRow(encodeText(text, tokenizer, maxLength), settings);
    return classLogits(model, tf.tensor2d(row, [1, row.length], "int32"), settings)
      .softmax()
      .squeeze<tf.Tensor1D>([0]);
  });
  model.train(training);
  const values = await probs.data();
  probs.dispose();
  const best = values.indexOf(Math.max(...values));
  return {
    label: labels[best] ?? "",
    probabilities: labels.map((label, i) => ({ label, probability: values[i] ?? Number.NaN })),
  };
}
