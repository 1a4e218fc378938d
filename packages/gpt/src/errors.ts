/** A model configuration that cannot work. */
export class GPTConfigError extends Error {
  override readonly name = "GPTConfigError";
  readonly code = "GPT_CONFIG";
}

/** Nothing to continue from. */
export class EmptyPromptError extends Error {
  override readonly name = "EmptyPromptError";
  readonly code = "EMPTY_PROMPT";

  constructor() {
    super("The prompt has 0 tokens: begin with at least one, such as the end-of-text token.");
  }
}

/** A token that the model has no embedding for. */
export class TokenIdError extends Error {
  override readonly name = "TokenIdError";
  readonly code = "TOKEN_ID";

  constructor(id: number, vocabSize: number) {
    super(`Token ${id} is not in the model's vocabulary of ${vocabSize}: was the text encoded for another model?`);
  }
}

/** Options of `generate` or `beamSearch` that cannot work. */
export class GenerateOptionsError extends Error {
  override readonly name = "GenerateOptionsError";
  readonly code = "GENERATE_OPTIONS";
}

/** A slot that is not there. */
export class SlotError extends Error {
  override readonly name = "SlotError";
  readonly code = "SLOT";
}
