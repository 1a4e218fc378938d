/** What a processor may know about the row that it works for. */
export interface SamplingContext {
  /** Prompt and generated tokens so far. */
  readonly ids: readonly number[];
  /** How many of them are the prompt. */
  readonly promptLength: number;
}

/**
 * Changes the logits of one row before a token is picked, −Infinity for a token that must not be. Returns them, or others in
 * their place.
 */
export type LogitsProcessor = (logits: Float32Array, context: SamplingContext) => Float32Array;

/**
 * Passes logits through all processors, one after the other, and leaves what it was given as it is.
 * @param room where processors work, as long as the logits: a new array for every token costs more than they do
 */
export function applyProcessors(
  processors: readonly LogitsProcessor[],
  logits: Float32Array,
  context: SamplingContext,
  room?: Float32Array,
): Float32Array {
  if (processors.length === 0) return logits;
  let current = room ?? new Float32Array(logits.length);
  current.set(logits);
  for (const process of processors) current = process(current, context);
  return current;
}

/** Excludes `tokens`. */
export function exclude(logits: Float32Array, tokens: Iterable<number>): Float32Array {
  for (const token of tokens) logits[token] = Number.NEGATIVE_INFINITY;
  return logits;
}

/** Excludes what is less than `least`. An index loop, as this runs over the whole vocabulary for every token. */
export function excludeBelow(logits: Float32Array, least: number): Float32Array {
  for (let i = 0; i < logits.length; i++) if ((logits[i] as number) < least) logits[i] = Number.NEGATIVE_INFINITY;
  return logits;
}
