import { writeSync } from "node:fs";

/** How a command speaks: results on stdout, progress on stderr, or one JSON object per line on stdout. */
export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

const FALLBACK_COLUMNS = 80;

/**
 * The only place that writes to the terminal.
 *
 * On a terminal the progress line is rewritten in place and cut to its width; in a pipe it becomes a plain line now and
 * then. With `json`, people's words are left out and every event is one line of JSON on stdout.
 */
export class Output {
  readonly json: boolean;
  /** Whether progress is left out. */
  readonly quiet: boolean;
  readonly #terminal: boolean;
  #lineShown = false;
  #lastPlainLine = 0;

  constructor({ json, quiet }: OutputOptions) {
    this.json = json;
    this.quiet = quiet || json;
    this.#terminal = process.stderr.isTTY === true && process.env["CI"] === undefined;
  }

  /** A result: people read it on stdout; with `--json` the events say it instead. */
  result(text: string): void {
    if (this.json) return;
    this.clearProgress();
    writeAll(1, `${text}\n`);
  }

  /** Part of a result that is still being written, such as a streamed token. */
  stream(text: string): void {
    if (this.json) return;
    this.clearProgress();
    writeAll(1, text);
  }

  /** A word on what is going on, on stderr. */
  note(text: string): void {
    if (this.quiet) return;
    this.clearProgress();
    writeAll(2, `${text}\n`);
  }

  /** The state of something that takes a while. `force` prints it in a pipe too, however recent the last line is. */
  progress(text: string, { force = false }: { force?: boolean } = {}): void {
    if (this.quiet) return;
    if (this.#terminal) {
      const columns = process.stderr.columns ?? FALLBACK_COLUMNS;
      writeAll(2, `\r\u001B[2K${cutToWidth(text, columns - 1)}`);
      this.#lineShown = true;
      return;
    }
    const now = Date.now();
    if (!force && now - this.#lastPlainLine < PLAIN_INTERVAL_MS) return;
    this.#lastPlainLine = now;
    writeAll(2, `${text}\n`);
  }

  clearProgress(): void {
    if (!this.#lineShown) return;
    this.#lineShown = false;
    writeAll(2, "\r\u001B[2K");
  }

  /** One event for programs. */
  event(event: { readonly type: string } & Readonly<Record<string, unknown>>): void {
    if (this.json) writeAll(1, `${JSON.stringify(event, finiteOrNull)}\n`);
  }
}

/** In a pipe, at most one line of progress in this time. */
const PLAIN_INTERVAL_MS = 5000;

/** JSON has no NaN: a program reads null. */
function finiteOrNull(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}

/** East Asian characters take two columns. */
function cutToWidth(text: string, columns: number): string {
  let width = 0;
  let cut = "";
  for (const character of text) {
    width += isWide(character.codePointAt(0)!) ? 2 : 1;
    if (width > columns) return cut;
    cut += character;
  }
  return cut;
}

function isWide(codePoint: number): boolean {
  return (codePoint >= 0x1100 && codePoint <= 0x115f) || (codePoint >= 0x2e80 && codePoint <= 0xffe6);
}

/** Writes synchronously, so that nothing is lost when the process ends; a reader that went away ends us quietly. */
function writeAll(file: 1 | 2, text: string): void {
  let bytes = Buffer.from(text, "utf8");
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(file, bytes));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") throw error;
    }
  }
}
