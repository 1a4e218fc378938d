/** What went wrong, for programs. */
export type OnnxErrorCode =
  | "RUNTIME_MISSING"
  | "READ_FAILED"
  | "MODEL_INVALID"
  | "MODEL_FOREIGN"
  | "DATA_MISSING"
  | "MEMORY";

/** A model that cannot be written, read or run; the message says what was found and what to do. */
export class OnnxError extends Error {
  override readonly name = "OnnxError";
  readonly code: OnnxErrorCode;

  constructor(code: OnnxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
