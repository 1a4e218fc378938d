import { TrainerError } from "../errors.ts";

/** The largest of the book's texts has half a megabyte: whatever has fifty is something else. */
const MAX_BYTES = 50_000_000;
const TIMEOUT_MS = 60_000;

/** What is fetched. */
export interface Wanted {
  readonly name: string;
  /** Where it is to lie. */
  readonly path: string;
  readonly check: (content: string) => number;
  readonly signal: AbortSignal;
}

/**
 * The first text under some addresses that is what is wanted.
 * @throws {TrainerError} `DATA` saying what was wrong with each, and what to do
 */
export async function fetchFirst(
  addresses: readonly string[],
  { name, path, check, signal }: Wanted,
): Promise<{ content: string; count: number }> {
  const failures: string[] = [];
  for (const address of addresses) {
    try {
      const content = await fetchText(address, signal);
      return { content, count: check(content) };
    } catch (error) {
      if (signal.aborted) throw new TrainerError("INTERRUPTED", `The download of ${name} was stopped.`);
      failures.push(`${address} (${reasonOf(error)})`);
    }
  }
  const where = failures.join(" or ");
  const remedy = `Try --endpoint with a mirror, or get it by another way and put it at ${path}.`;
  throw new TrainerError("DATA", `${name} could not be downloaded from ${where}. ${remedy}`);
}

async function fetchText(address: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
