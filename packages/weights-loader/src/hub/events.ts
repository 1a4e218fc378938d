/** What a download tells while it runs. */
export type DownloadEvent =
  /** Once, before the first byte: how much there is to do. */
  | { readonly type: "plan"; readonly files: number; readonly totalBytes: number; readonly cachedBytes: number }
  /** Now and then: all files together. Never goes back. */
  | { readonly type: "progress"; readonly file: string; readonly doneBytes: number; readonly totalBytes: number }
  /** Something failed and is tried again after `delayMs`. */
  | { readonly type: "retry"; readonly file: string; readonly reason: string; readonly delayMs: number }
  /** Another process is downloading the same file. */
  | { readonly type: "wait"; readonly file: string; readonly pid: number }
  /** The server cannot be reached, and what the cache holds is used. */
  | { readonly type: "offline"; readonly reason: string };

/** Adds up the bytes of several files to one bar. */
export class Progress {
  readonly #total: number;
  readonly #onEvent: (event: DownloadEvent) => void;
  #finished = 0;
  #shown = 0;
  #lastTime = 0;

  constructor(totalBytes: number, onEvent: (event: DownloadEvent) => void) {
    this.#total = totalBytes;
    this.#onEvent = onEvent;
  }

  /** `bytes` of a file are there. A file that begins again does not take the bar back. */
  update(file: string, bytes: number): void {
    const done = Math.max(this.#shown, this.#finished + bytes);
    const now = performance.now();
    if (done === this.#shown || (now - this.#lastTime < 100 && done < this.#total)) return;
    this.#lastTime = now;
    this.#shown = done;
    this.#onEvent({ type: "progress", file, doneBytes: done, totalBytes: this.#total });
  }

  /** A file of `bytes` is whole. */
  finish(file: string, bytes: number): void {
    this.update(file, bytes);
    this.#finished += bytes;
  }
}
