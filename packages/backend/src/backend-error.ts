/** What went wrong, for programs: an unknown name, a backend that cannot start here, or memory that would overflow. */
export type BackendErrorCode = "BACKEND_UNKNOWN" | "BACKEND_UNAVAILABLE" | "BACKEND_MEMORY";

/** A backend that cannot do what was asked. The message is one line: the cause, then the remedy. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly code: BackendErrorCode;

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The error of a backend that cannot start here. */
export function unavailable(message: string, cause?: unknown): BackendError {
  return new BackendError("BACKEND_UNAVAILABLE", message, { cause });
}
