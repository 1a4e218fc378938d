import { END_OF_TEXT, type Tokenizer } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";

/** Text to a batch of one row (listing 5.1): int32 (1, t). The caller disposes it. */
export function textToTokenIds(text: string, tokenizer: Tokenizer): tf.Tensor2D {
  const ids = tokenizer.encode(text, { allowedSpecial: new Set([END_OF_TEXT]) });
  return tf.tensor2d(ids, [1, ids.length], "int32");
}

/** One row of token ids, (1, t), back to text (listing 5.1). */
export async function tokenIdsToText(tokenIds: tf.Tensor2D, tokenizer: Tokenizer): Promise<string> {
  return tokenizer.decode(await tokenIds.data<"int32">());
}

/**
 * Splits a text for training and validation at a ratio of its characters (section 5.1.3). Characters are counted as Python
 * does, by code point, so that 汉 and 🙂 are one each and the split is the book's on any text.
 *
 * @throws {RangeError} unless the ratio is between 0 and 1.
 * @example
 * ```ts
 * const { train, val } = splitText("0123456789", 0.9); // "012345678" and "9"
 * ```
 */
export function splitText(text: string, trainRatio: number): { train: string; val: string } {
  if (!(trainRatio >= 0 && trainRatio <= 1)) {
    throw new RangeError(`trainRatio is ${trainRatio}; give a share between 0 and 1, such as 0.9.`);
  }
  const characters = text.length - countPairs(text);
  const split = utf16Index(text, Math.trunc(trainRatio * characters));
  return { train: text.slice(0, split), val: text.slice(split) };
}

/** Surrogate pairs: characters that take two places of a JavaScript string. */
function countPairs(text: string): number {
  return text.match(/[\u{10000}-\u{10ffff}]/gu)?.length ?? 0;
}

/** The place in the string at which the `count`-th character ends. */
function utf16Index(text: string, count: number): number {
  let index = 0;
  for (let i = 0; i < count; i++) index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return index;
}
