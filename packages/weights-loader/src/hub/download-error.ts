/** What went wrong, for programs. */
export type DownloadErrorCode =
  | "NAME_INVALID"
  | "OFFLINE"
  | "UNREACHABLE"
  | "INTERRUPTED"
  | "STALLED"
  | "SERVER_ERROR"
  | "UNAUTHORIZED"
  | "NOT_FOUND"
  | "NOT_THE_FILE"
  | "SIZE_MISMATCH"
  | "CHECKSUM_MISMATCH"
  | "DISK_FULL"
  | "WRITE_FAILED";

/** A download that failed, in one line: what was asked of whom, what came, and what to do. */
export class DownloadError extends Error {
  readonly code: DownloadErrorCode;
  /** How long the server asked us to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: DownloadErrorCode,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.name = "DownloadError";
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** An error of the file system as one of ours; any other passes through. */
export function writeError(error: unknown, folder: string): unknown {
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code) : "";
  if (error instanceof DownloadError || !/^E[A-Z]+$/.test(code)) return error;
  const isFull = ["ENOSPC", "EFBIG", "EDQUOT"].includes(code);
  const message = isFull
    ? `The disk is full (${code}) at ${folder}; free some space and start again: the download goes on where it was.`
    : `Cannot write to ${folder} (${code}); set HF_HOME to a folder that may be written.`;
  return new DownloadError(isFull ? "DISK_FULL" : "WRITE_FAILED", message, { cause: error });
}
