import { once } from "node:events";

/**
 * Ctrl-C. The first asks the running command to finish its step and save; the second ends the process at once.
 * Installed before anything else is imported, so that no import can leave a moment without it.
 */
const controller = new AbortController();
let received = 0;
let takeover: (() => void) | undefined;

function onSignal(): void {
  if (takeover !== undefined) return takeover();
  received += 1;
  if (received > 1) process.exit(130);
  controller.abort();
}

export function installInterrupt(): void {
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}

/** Aborted at the first Ctrl-C. */
export const interrupted: AbortSignal = controller.signal;

/** Resolves at the first Ctrl-C. */
export async function whenInterrupted(): Promise<void> {
  if (!interrupted.aborted) await once(interrupted, "abort");
}

/** Lets a conversation decide what Ctrl-C means until the returned function is called. */
export function takeInterrupts(handler: () => void): () => void {
  takeover = handler;
  return () => {
    takeover = undefined;
  };
}
