/** Why native TensorFlow could not be set up, for programs. */
export type SetupErrorCode =
  | "SETUP_NO_TFJS_NODE"
  | "SETUP_PLATFORM"
  | "SETUP_NO_PYTHON"
  | "SETUP_NO_PIP"
  | "SETUP_NO_COMPILER"
  | "SETUP_NO_SPACE"
  | "SETUP_NETWORK"
  | "SETUP_DOWNLOAD"
  | "SETUP_UNPACK"
  | "SETUP_COMPILE"
  | "SETUP_CACHE"
  | "SETUP_CHECK";

/** A set-up that failed. The message is one line: what is missing, then the remedy. */
export class SetupError extends Error {
  override readonly name = "SetupError";
  readonly code: SetupErrorCode;

  constructor(code: SetupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
