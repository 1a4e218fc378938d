/** What a processor may know about the row that it works for. */
export interface SamplingContext {
  /** Prompt and generated tokens so far. */
  readonly ids: readonly number[];
  /** How many of them are the prompt. */
  readonly promptLength: number;
}

/**
 * Changes the logits of one row before a token is picked: returns new logits, −Infinity for a token that must not be
 * picked, and leaves its input as it is.
 */
export type LogitsProcessor = (logits: Float32Array, context: SamplingContext) => Float32Array;

/** Passes logits through all processors, one after the other. */
export function applyProcessors(
  processors: readonly LogitsProcessor[],
  logits: Float32Array,
  context: SamplingContext,
): Float32Array {
  let current = logits;
  for (const process of processors) current = process(current, context);
  return current;
}

/** A copy of the logits with `tokens` excluded. */
export function exclude(logits: Float32Array, tokens: Iterable<number>): Float32Array {
  const result = logits.slice();
  for (const token of tokens) result[token] = Number.NEGATIVE_INFINITY;
  return result;
}
