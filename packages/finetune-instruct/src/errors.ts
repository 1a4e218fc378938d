/** Why a {@link FormatError} was thrown. */
export type FormatErrorCode = "UNKNOWN_PLACEHOLDER" | "MISSING_PLACEHOLDER" | "CHAT_TEMPLATE";

/** A prompt format that cannot be used. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly code: FormatErrorCode;

  constructor(code: FormatErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An entry of the data lacks a field, or the file is none of the forms that can be read. */
export class InstructionDataError extends Error {
  override readonly name = "InstructionDataError";
  readonly code = "INSTRUCTION_DATA";
}

/** A setting of this package is outside its range. */
export class InstructOptionError extends Error {
  override readonly name = "InstructOptionError";
  readonly code = "INSTRUCT_OPTION";
}

/** Truncation has left nothing of an answer to learn from. */
export class EmptyCompletionError extends Error {
  override readonly name = "EmptyCompletionError";
  readonly code = "EMPTY_COMPLETION";
}
