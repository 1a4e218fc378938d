import { ContextLengthError } from "@scratch-llm/attention";
import { EmptyPromptError, TokenIdError } from "../errors.ts";
import type { Decoder } from "./decoder.ts";

/**
 * What every decoder asks of a row's length.
 * @throws ContextLengthError when a row of this length does not fit
 */
export function checkLength(length: number, { contextLength }: Pick<Decoder, "contextLength">): void {
  if (length > contextLength) throw new ContextLengthError(length, contextLength);
}

/**
 * What every decoder asks of tokens.
 * @throws EmptyPromptError when there is no token
 * @throws TokenIdError when a token is not in the vocabulary
 */
export function checkIds(ids: ArrayLike<number>, { vocabSize }: Pick<Decoder, "vocabSize">): void {
  if (ids.length === 0) throw new EmptyPromptError();
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? -1;
    if (!(id >= 0 && id < vocabSize)) throw new TokenIdError(id, vocabSize);
  }
}

/**
 * How many tokens at the start of a single row are those of the row before, so that a decoder that holds it need not read them
 * again. The last is always read, for its logits; several rows share nothing.
 */
export function sharedStart(rows: readonly ArrayLike<number>[], before: readonly ArrayLike<number>[]): number {
  const [row] = rows;
  const [cached] = before;
  if (!row || !cached || rows.length > 1 || before.length > 1) return 0;
  let known = 0;
  while (known < row.length - 1 && known < cached.length && row[known] === cached[known]) known++;
  return known;
}
