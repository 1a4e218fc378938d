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
