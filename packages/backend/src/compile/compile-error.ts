/** What went wrong in a compiled function. */
export type CompileErrorCode =
  /** The function read a tensor's value while it was recorded. */
  | "COMPILE_VALUE_READ"
  /** The function used an operation that cannot be recorded. */
  | "COMPILE_UNSUPPORTED_OP"
  /** The function used a tensor that is neither an argument, nor a variable, nor made inside. */
  | "COMPILE_FOREIGN_TENSOR"
  /** A tensor made while a function was recorded was used after the recording. */
  | "COMPILE_ESCAPED_TENSOR"
  /** The function made or disposed of a tf.Variable. */
  | "COMPILE_VARIABLE_CHANGED"
  /** The function did not return a tensor or an array of tensors. */
  | "COMPILE_BAD_RESULT"
  /** The compiled function was called after `dispose()`. */
  | "COMPILE_DISPOSED"
  /** The graph needs more memory than there is. */
  | "COMPILE_OUT_OF_MEMORY"
  /** TensorFlow refused the graph or failed while it ran. */
  | "COMPILE_RUN_FAILED";

/** An error of {@link compile} or of a compiled function; the message names the function, the place and the remedy. */
export class CompileError extends Error {
  override readonly name = "CompileError";
  readonly code: CompileErrorCode;

  constructor(code: CompileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Frames of TensorFlow.js, of Node and of this folder say nothing to the person who wrote the function. */
const OURS = new URL(".", import.meta.url).pathname;

/** "file:line:column" of the call in progress, outside TensorFlow.js and this folder. */
export function callPlace(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const frames = (new Error("place").stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  const isForeign = (frame: string): boolean =>
    !frame.includes("@tensorflow") && !frame.includes("node:") && (!frame.includes(OURS) || frame.includes(".test.ts"));
  const frame = frames.find((line) => /:\d+:\d+\)?$/.test(line) && isForeign(line));
  return frame ? frame.trim().replace(/^at /, "") : "an unknown place";
}
