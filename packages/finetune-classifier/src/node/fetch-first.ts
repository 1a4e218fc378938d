const TIMEOUT_MS = 60_000;

/** How {@link fetchFirst} fetches. */
export interface FetchFirstOptions<T> {
  /** An answer with more is something else. */
  readonly maxBytes: number;
  /** Makes of the bytes what is wanted. @throws when they are something else */
  readonly read: (bytes: Uint8Array) => T;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the first of several addresses gives that `read` accepts.
 *
 * @throws {Error} whose message names every address with what was wrong with it; the signal's reason when it is aborted
 */
export async function fetchFirst<T>(
  addresses: readonly string[],
  { maxBytes, read, signal }: FetchFirstOptions<T>,
): Promise<T> {
  const failures: string[] = [];
  for (const address of addresses) {
    try {
      return read(await fetchBytes(address, maxBytes, signal));
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`${address} (${reasonOf(error)})`);
    }
  }
  throw new Error(failures.join(" or "));
}

async function fetchBytes(address: string, maxBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(address, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    size += piece.length;
    if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
