/** What went wrong, for programs. */
export type WeightsErrorCode =
  | "WEIGHTS_MISMATCH"
  | "CONFIG_INVALID"
  | "CONFIG_UNSUPPORTED"
  | "FORMAT_UNKNOWN"
  | "READ_FAILED"
  | "CHECKPOINT_INVALID"
  | "CHECKSUM_MISMATCH"
  | "TOKENIZER_MISSING";

/** Weights, a configuration or a folder that cannot be used; the message says what was found and what to do. */
export class WeightsError extends Error {
  readonly code: WeightsErrorCode;

  constructor(code: WeightsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WeightsError";
    this.code = code;
  }
}

/** The tensors of a file are not those of the model: every difference is listed. */
export class WeightsMismatchError extends WeightsError {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  /** One line for each tensor whose shape differs. */
  readonly wrongShape: readonly string[];

  constructor(missing: readonly string[], unexpected: readonly string[], wrongShape: readonly string[]) {
    const parts = [
      ["missing", missing],
      ["unexpected", unexpected],
      ["wrong shape", wrongShape],
    ] as const;
    const found = parts.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${shorten(names)}`);
    super(
      "WEIGHTS_MISMATCH",
      `The weights do not fit the model (${found.join("; ")}). Do config and weights belong together?`,
    );
    this.name = "WeightsMismatchError";
    this.missing = missing;
    this.unexpected = unexpected;
    this.wrongShape = wrongShape;
  }
}

function shorten(names: readonly string[]): string {
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return names.slice(0, 10).join(", ") + more;
}
