import { type ReadonlySignal, signal } from "@preact/signals";

const AT_LEAST_MS = 2000;
const AT_MOST_MS = 6000;

const line = signal("");
let next: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let end: ReturnType<typeof setTimeout> | undefined;

/** What the status line says, to eyes and to screen readers. */
export const statusLine: ReadonlySignal<string> = line;

/**
 * Says something in the status line, for six seconds. It changes every two seconds at most, so that a screen reader can follow;
 * the last word wins.
 */
export function announce(text: string): void {
  next = text;
  if (timer === undefined) say();
}

function say(): void {
  timer = undefined;
  if (next === undefined) return;
  line.value = next;
  next = undefined;
  timer = setTimeout(say, AT_LEAST_MS);
  clearTimeout(end);
  end = setTimeout(() => (line.value = ""), AT_MOST_MS);
}
