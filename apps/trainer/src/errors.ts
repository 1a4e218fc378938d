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

/** One line and a code for any error: ours and the packages' carry a code, Node's system errors too. */
export function describeError(error: unknown): { code: string; message: string; exitCode: number } {
  if (error instanceof Error && error.name === "AbortError")
    return { code: "INTERRUPTED", message: "Stopped.", exitCode: 130 };
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNEXPECTED";
  const text = error instanceof Error ? error.message : String(error);
  const exitCode = code === "INTERRUPTED" ? 130 : code === "USAGE" || code.startsWith("commander.") ? 2 : 1;
  return { code, message: systemAdvice(code) ?? text.replaceAll(/\s*\n\s*/g, " "), exitCode };

  function systemAdvice(systemCode: string): string | undefined {
    const path = error instanceof Error && "path" in error ? ` (${String(error.path)})` : "";
    const advice = SYSTEM_ADVICE[systemCode];
    return advice === undefined ? undefined : `${advice}${path}: ${text}`;
  }
}

/** Errors of the operating system that users meet, with the remedy. */
const SYSTEM_ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full; free some space or choose another folder with --run-dir",
  EFBIG: "The file would be larger than this system allows; choose another folder with --run-dir",
  EDQUOT: "Your disk quota is used up; free some space or choose another folder with --run-dir",
  EACCES: "No permission to write here; choose another folder with --run-dir",
  EROFS: "This place is read-only; choose another folder with --run-dir",
};
