import { CheckpointError } from "../checkpoint-error.ts";

/** Wraps an error of the operating system; others, which say enough themselves, pass through. */
export function explainSystemError(action: string, error: unknown): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const full = code === "ENOSPC" || code === "EFBIG" || code === "EDQUOT";
  const remedy = full ? "free some space" : "check that the folder exists and may be written";
  return new CheckpointError(`Cannot ${action} (${code}); ${remedy}.`, { cause: error });
}
