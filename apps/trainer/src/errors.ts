import { fill, type Messages } from "./messages/messages.ts";

/** What went wrong, in one word that a script can test. The process ends with 2 for `USAGE`, 130 for `INTERRUPTED`, else 1. */
export type TrainerErrorCode =
  | "USAGE"
  | "CONFIG"
  | "DATA"
  | "RUN_FOLDER"
  | "MODEL_FOLDER"
  | "MEMORY"
  | "NON_FINITE_LOSS"
  | "ADDRESS"
  | "RUNTIME_MISSING"
  | "MODEL_THREAD"
  | "INTERRUPTED";

/** An error that the user can do something about: one line with what was received and the remedy. */
export class TrainerError extends Error {
  override readonly name = "TrainerError";
  readonly code: TrainerErrorCode;

  constructor(code: TrainerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What is known of an error. */
export interface Described {
  readonly code: string;
  /** One line. */
  readonly message: string;
}

/** One line and a code for any error: ours and the packages' carry a code, Node's system errors too. */
export function describeError(error: unknown): Described & { readonly exitCode: number } {
  if (error instanceof Error && error.name === "AbortError")
    return { code: "INTERRUPTED", message: "Stopped.", exitCode: 130 };
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNEXPECTED";
  const text = error instanceof Error ? error.message : String(error);
  const exitCode = code === "INTERRUPTED" ? 130 : code === "USAGE" || code.startsWith("commander.") ? 2 : 1;
  return { code, message: text.replaceAll(/\s*\n\s*/g, " "), exitCode };
}

/** An error in the chosen language: what it means, where its message does not say so in this language, and its message. */
export function explainError({ code, message }: Described, { failures, errors }: Messages): string {
  const sentence = failures[code];
  return sentence === undefined || CHINESE.test(message) ? message : fill(errors.explained, { sentence, message });
}

/** A message of a dictionary; names alone, such as a file's, make no sentence. */
const CHINESE = /\p{Script=Han}.*。/u;
