import { setTimeout as sleep } from "node:timers/promises";
import { DownloadError, type DownloadErrorCode } from "./download-error.ts";
import type { HubSettings } from "./settings.ts";

/** What may pass by itself. Wrong content is asked for again too: a cache or proxy on the way may have been at fault. */
const PASSING: readonly DownloadErrorCode[] = [
  "UNREACHABLE",
  "INTERRUPTED",
  "STALLED",
  "SERVER_ERROR",
  "NOT_THE_FILE",
  "SIZE_MISMATCH",
  "CHECKSUM_MISMATCH",
];
/** Tries without a step forward, and in all: a server that sends a byte at a time must not keep us for ever. */
const MAX_TRIES = 4;
const MAX_TRIES_IN_ALL = 30;
const MAX_DELAY_MS = 20_000;

/**
 * Does `work` again while it fails with what may pass, waiting longer each time. `progress` answers with a number that
 * grows when a try got something done; such a try does not count.
 */
export async function withRetries<T>(
  file: string,
  { retryDelayMs, signal, onEvent }: HubSettings,
  work: () => Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  for (let tries = 1, all = 1; ; tries++, all++) {
    const before = progress();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DownloadError) || !PASSING.includes(error.code)) throw error;
      // a host that was never there will not come back in seconds; one that was there may
      if (error.code === "UNREACHABLE" && progress() === 0) throw error;
      if (progress() > before) tries = 1;
      if (tries >= MAX_TRIES || all >= MAX_TRIES_IN_ALL) throw error;
      const backoff = retryDelayMs * 2 ** (tries - 1) * (0.75 + Math.random() / 2); // apart from others that failed with us
      const delayMs = Math.round(error.retryAfterMs ?? Math.min(backoff, MAX_DELAY_MS));
      onEvent({ type: "retry", file, reason: error.message, delayMs });
      await sleep(delayMs, undefined, { signal });
    }
  }
}
