import { END_OF_TEXT, type Tokenizer } from "@scratch-llm/tokenizer";
import { splitText } from "./text.ts";

/** The token ids to train on and to validate with. */
export interface TokenSplit {
  readonly train: Int32Array;
  readonly val: Int32Array;
}

/**
 * Splits every text at the same share of its characters, so that each is in both parts, and encodes the parts. Between
 * two texts stands the end-of-text token; one text alone gives the book's split (section 5.1.3).
 */
export function encodeSplit(texts: readonly string[], tokenizer: Tokenizer, trainFraction: number): TokenSplit {
  const parts = texts.map((text) => splitText(text, trainFraction));
  const encode = (part: "train" | "val"): Int32Array =>
    encodeTexts(
      parts.map((split) => split[part]),
      tokenizer,
    );
  return { train: encode("train"), val: encode("val") };
}

/** One sequence of ids, with the end-of-text token between two texts. */
export function encodeTexts(texts: readonly string[], tokenizer: Tokenizer): Int32Array {
  const allowedSpecial = new Set([END_OF_TEXT]);
  const separator = tokenizer.eosId === undefined ? [] : [tokenizer.eosId];
  const pieces = texts.flatMap((text, index) => {
    const ids = tokenizer.encode(text, { allowedSpecial });
    return index === 0 ? [ids] : [Int32Array.from(separator), ids];
  });
  const all = new Int32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}
