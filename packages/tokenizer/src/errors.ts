/** The text holds a special token that the caller did not allow. */
export class DisallowedSpecialError extends Error {
  readonly code = "DISALLOWED_SPECIAL";
  /** The special token that was found. */
  readonly token: string;

  constructor(token: string, position: number) {
    super(
      `The text holds the special token ${JSON.stringify(token)} at character ${position}: pass ` +
        `{ allowedSpecial: new Set([${JSON.stringify(token)}]) } to encode it as one id, or ` +
        `{ disallowedSpecial: new Set() } to read it as ordinary text.`,
    );
    this.name = "DisallowedSpecialError";
    this.token = token;
  }
}

/** A word or an id that the vocabulary does not hold. */
export class UnknownTokenError extends Error {
  readonly code = "UNKNOWN_TOKEN";

  constructor(token: string | number, remedy: string) {
    super(`${typeof token === "number" ? `Id ${token}` : JSON.stringify(token)} is not in the vocabulary: ${remedy}`);
    this.name = "UnknownTokenError";
  }
}

/** The options of `trainBPE` cannot be used. */
export class TrainBPEOptionsError extends Error {
  readonly code = "TRAIN_BPE_OPTIONS";

  constructor(message: string) {
    super(message);
    this.name = "TrainBPEOptionsError";
  }
}

/** A `tokenizer.json` that is damaged, too large, or of a kind that this package does not read. */
export class TokenizerFormatError extends Error {
  readonly code = "TOKENIZER_FORMAT";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TokenizerFormatError";
  }
}

/** One word is longer than the engine's pattern matcher can hold; no text in any language has such words. */
export class WordTooLongError extends Error {
  readonly code = "WORD_TOO_LONG";

  constructor(position: number, options: ErrorOptions) {
    super(
      `At character ${position} of the text begins a run of millions of signs without a space or punctuation: this is ` +
        `hardly text; cut it into shorter texts.`,
      options,
    );
    this.name = "WordTooLongError";
  }
}
