import type { Tokenizer } from "@scratch-llm/tokenizer";

/** How texts become rows of ids. */
export interface EncodeTextOptions {
  readonly maxLength: number;
  readonly padTokenId: number;
  readonly padding: boolean;
}

const NONE: ReadonlySet<string> = new Set();
/** No vocabulary has longer tokens than this many characters, nor many as long; what is behind cannot reach the ids. */
const LONGEST_TOKEN = 128;

/** The ids of a text, `limit` of them at most. Special tokens in it are read as ordinary text: a message cannot end itself. */
export function encodeText(text: string, tokenizer: Tokenizer, limit: number): Int32Array {
  // A message of a megabyte is not encoded for its first hundred tokens.
  const beginning = Number.isFinite(limit) ? text.slice(0, (limit + 1) * LONGEST_TOKEN) : text;
  return tokenizer.encode(beginning, { disallowedSpecial: NONE }).slice(0, limit);
}

/** Fills ids up on the right; an empty row gets one padding token at least, for a model needs some input. */
export function padRow(ids: Int32Array, { maxLength, padTokenId, padding }: EncodeTextOptions): Int32Array {
  const row = new Int32Array(padding ? maxLength : Math.max(1, ids.length)).fill(padTokenId);
  row.set(ids);
  return row;
}
