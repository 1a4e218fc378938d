import { DownloadError, type DownloadErrorCode, type RepositoryFile } from "@scratch-llm/weights-loader";
import { createSHA1, createSHA256 } from "hash-wasm";
import { nameIn } from "../paths.ts";
import type { Downloading, Meter } from "./hub.ts";

/** A file on a server. */
export interface RemoteFile extends RepositoryFile {
  readonly url: string;
}

/** {@link Downloading}, one file of it. */
interface Fetching extends Downloading {
  readonly meter: Meter;
}

/** What may pass by itself. Wrong content is told at once, for it may come from a cache that answers the same again. */
const PASSING: readonly DownloadErrorCode[] = ["INTERRUPTED", "STALLED", "SERVER_ERROR"];
/** Tries without a step forward. */
const MAX_TRIES = 4;
const IDLE_MS = 30_000;
/** Read at a time when a file is verified. */
const PIECE = 4 << 20;

/**
 * Brings a file to its place. Bytes go to `NAME.part`, where a later try goes on; the file gets its name only when length
 * and hash are right, and what was wrong is thrown away.
 * @throws DownloadError
 */
export async function fetchFile(file: RemoteFile, path: string, fetching: Fetching): Promise<void> {
  const { files, signal, retryDelayMs } = fetching;
  if ((await files.read(path)) && (await isRight(file, path, fetching))) return;
  const part = `${path}.part`;
  for (let tries = 1, reached = 0; ; tries++) {
    try {
      await transfer(file, part, fetching);
      break;
    } catch (error) {
      signal.throwIfAborted();
      const now = (await files.read(part))?.size ?? 0;
      if (now > reached) tries = 1;
      reached = Math.max(reached, now);
      if (!(error instanceof DownloadError) || !PASSING.includes(error.code) || tries >= MAX_TRIES) throw error;
      await pause(retryDelayMs * 2 ** (tries - 1), signal);
    }
  }
  if (!(await isRight(file, part, fetching))) {
    throw new DownloadError("CHECKSUM_MISMATCH", `${file.name} came damaged: its checksum is wrong; try again.`);
  }
  await files.rename(part, nameIn(path));
}

/** Brings the part to the whole length, or throws having brought it as far as it came. */
async function transfer(file: RemoteFile, part: string, { files, signal, meter }: Fetching): Promise<void> {
  const here = (await files.read(part))?.size ?? 0;
  if (here > file.size) await files.remove(part);
  let done = here > file.size ? 0 : here;
  if (done === file.size && here > 0) return;
  const idle = new IdleSignal(IDLE_MS);
  const { host } = new URL(file.url);
  try {
    const response = await fetch(file.url, {
      signal: AbortSignal.any([signal, idle.signal]),
      cache: "no-store", // it would be kept twice, and a cut answer would hold up the next one
      headers: done > 0 ? { range: `bytes=${done}-` } : {},
    });
    done = checkAnswer(response, file, done, host);
    const writer = await files.write(part);
    try {
      for await (const chunk of chunksOf(response)) {
        if (done + chunk.length > file.size) throw sizeMismatch(file, host, "more");
        writer.write(chunk, done);
        done += chunk.length;
        idle.restart();
        meter.tell("download", done);
      }
    } finally {
      writer.close();
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof TypeError || cause instanceof DOMException)) throw cause;
    const code = idle.signal.aborted ? "STALLED" : "INTERRUPTED";
    throw new DownloadError(code, `${host} stopped at byte ${done} of ${file.size} of ${file.name}.`, { cause });
  } finally {
    idle.end();
  }
  if (done < file.size) {
    throw new DownloadError("INTERRUPTED", `${host} stopped at byte ${done} of ${file.size} of ${file.name}.`);
  }
}

/** Where the answer's bytes begin. Throws where it is not the file that was asked for. */
function checkAnswer(response: Response, file: RemoteFile, asked: number, host: string): number {
  const { status, headers } = response;
  if (status === 404) throw new DownloadError("NOT_FOUND", `${host} has no ${file.name} (404).`);
  if (!response.ok)
    throw new DownloadError("SERVER_ERROR", `${host} answers ${status} for ${file.name}; try again later.`);
  if (/^text\/html/iu.test(headers.get("content-type") ?? "")) {
    throw new DownloadError(
      "NOT_THE_FILE",
      `${host} answers with a web page instead of ${file.name}; nothing is kept.`,
    );
  }
  const begins = status === 206 ? Number(/^bytes (\d+)-/u.exec(headers.get("content-range") ?? "")?.[1] ?? asked) : 0;
  if (begins !== 0 && begins !== asked) {
    throw new DownloadError("NOT_THE_FILE", `${host} sends ${file.name} from byte ${begins}, not ${asked} as asked.`);
  }
  const length = headers.get("content-encoding") === null ? headers.get("content-length") : null;
  if (length !== null && begins + Number(length) !== file.size) throw sizeMismatch(file, host, begins + Number(length));
  return begins;
}

function sizeMismatch({ name, size }: RemoteFile, host: string, actual: number | "more"): DownloadError {
  return new DownloadError("SIZE_MISMATCH", `${host} has ${actual} bytes for ${name}; the model's list says ${size}.`);
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array, void, void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Compares the content with the hash of the model's list, and throws it away where they differ. */
async function isRight(file: RemoteFile, path: string, { files, signal, meter }: Fetching): Promise<boolean> {
  const actual = await hashOf(file, (await files.read(path))!, (done) => {
    signal.throwIfAborted();
    meter.tell("verify", done);
  });
  if (actual !== file.hash.hex) await files.remove(path);
  return actual === file.hash.hex;
}

/** The hash that the hub gives: SHA-256 of large files, of small ones git's SHA-1 over a line with the size and the content. */
async function hashOf({ hash, size }: RemoteFile, blob: Blob, onBytes: (done: number) => void): Promise<string> {
  const hasher = hash.algorithm === "sha256" ? await createSHA256() : await createSHA1();
  if (hash.algorithm === "git") hasher.update(`blob ${size}\0`);
  for (let start = 0; start < blob.size; start += PIECE) {
    hasher.update(new Uint8Array(await blob.slice(start, start + PIECE).arrayBuffer()));
    onBytes(Math.min(blob.size, start + PIECE));
  }
  return hasher.digest("hex");
}

/** Aborts when nothing has happened for some time. */
class IdleSignal {
  readonly #controller: AbortController = new AbortController();
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number) {
    this.#ms = ms;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
