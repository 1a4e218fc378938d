/** More tokens were handed to an attention layer than its context length allows. */
export class ContextLengthError extends Error {
  override readonly name = "ContextLengthError";
  readonly code = "CONTEXT_LENGTH";

  constructor(numTokens: number, contextLength: number) {
    super(
      `${numTokens} tokens do not fit in a context of ${contextLength}: pass at most the last ${contextLength} tokens, or build the layer with a larger contextLength.`,
    );
  }
}

/** The output width of an attention layer cannot be split into the number of heads asked for. */
export class NumHeadsError extends Error {
  override readonly name = "NumHeadsError";
  readonly code = "NUM_HEADS";

  constructor(dOut: number, numHeads: number) {
    const fitting = Array.from({ length: Math.min(dOut, 32) }, (_, i) => i + 1).filter((n) => dOut % n === 0);
    super(`${numHeads} heads do not divide a width of ${dOut} evenly: choose one of ${fitting.join(", ")} heads.`);
  }
}
