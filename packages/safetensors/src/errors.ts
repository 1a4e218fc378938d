/** What went wrong, for programs; the message says the same to people. */
export type SafetensorsErrorCode =
  | "HEADER_TRUNCATED"
  | "HEADER_TOO_LARGE"
  | "HEADER_INVALID"
  | "UNKNOWN_DTYPE"
  | "SIZE_MISMATCH"
  | "OFFSETS_INVALID"
  | "UNSUPPORTED_DTYPE"
  | "UNKNOWN_TENSOR"
  | "ENTRY_INVALID"
  | "INDEX_INVALID"
  | "INDEX_MISMATCH"
  | "READ_FAILED"
  | "WRITE_FAILED";

/**
 * A safetensors file, index or entry that cannot be trusted, or a file that cannot be read or written.
 * The message holds the value that was received and what to do about it.
 */
export class SafetensorsError extends Error {
  readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SafetensorsError";
    this.code = code;
  }
}
