import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { hashFile } from "./checksum.ts";
import { DownloadError } from "./download-error.ts";
import type { ExpectedHash } from "./expected-hash.ts";
import { networkError, requireSuccess, type HttpClient, type Response } from "./http.ts";
import { withRetries } from "./retry.ts";

/** A file on a server. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  readonly size: number;
  readonly hash: ExpectedHash | undefined;
}

/**
 * Downloads a file to `destination`. Bytes go to `destination.incomplete`, where a later try (or process) goes on; the
 * file gets its name only when size and hash are right. The caller holds the lock.
 *
 * @param onBytes how many bytes of the file are there
 * @throws {DownloadError}
 */
export async function fetchFile(
  client: HttpClient,
  file: RemoteFile,
  destination: string,
  onBytes: (done: number) => void,
): Promise<void> {
  const part = new PartFile(destination);
  let done = 0;
  const attempt = async (): Promise<void> => {
    await transfer(client, file, part, (bytes) => {
      done = Math.max(done, bytes);
      onBytes(bytes);
    });
    await part.finish(file, destination);
  };
  await mkdir(dirname(destination), { recursive: true });
  await withRetries(file.name, client.settings, attempt, () => done);
}

/** Brings the part file to the whole size, or throws having brought it as far as it went. */
async function transfer(
  client: HttpClient,
  file: RemoteFile,
  part: PartFile,
  onBytes: (done: number) => void,
): Promise<void> {
  let start = await part.size();
  if (start > file.size) start = await part.restart();
  onBytes(start);
  if (start === file.size && existsSync(part.path)) return;
  const response = await client.send("GET", file.url, await rangeHeaders(part, start));
  const host = new URL(file.url).host;
  if (response.statusCode === 416) {
    await response.body.dump();
    await part.restart();
    throw new DownloadError("INTERRUPTED", `${host} cannot go on with ${file.name} at byte ${start}; it begins again.`);
  }
  await requireSuccess(response, file.name, host);
  try {
    start = checkAnswer(response, file, start, host);
    if (start === 0) await part.restart(validatorOf(response));
    await part.append(start, (handle) => receive(response, file, { handle, start, host, onBytes, client }));
  } finally {
    response.body.on("error", () => {}).destroy(); // what is left of a good answer is nothing
  }
}

async function rangeHeaders(part: PartFile, start: number): Promise<Record<string, string>> {
  if (start === 0) return {};
  const validator = await part.validator();
  // If-Range: the rest if the content is still the same, else all of it
  return { range: `bytes=${start}-`, ...(validator === undefined ? {} : { "if-range": validator }) };
}

/** Where the answer's bytes begin. Throws when it is not the file that was asked for. */
function checkAnswer({ statusCode, headers }: Response, file: RemoteFile, start: number, host: string): number {
  const type = String(headers["content-type"] ?? "");
  if (/^text\/html/i.test(type) && !/\.html?$/.test(file.name)) {
    throw new DownloadError(
      "NOT_THE_FILE",
      `${host} answers with a web page instead of ${file.name}: a login page or a mirror's error; nothing is kept.`,
    );
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers["content-range"] ?? ""));
  const begins = statusCode === 206 ? Number(range?.[1] ?? Number.NaN) : 0;
  if (begins !== 0 && begins !== start) {
    throw new DownloadError("NOT_THE_FILE", `${host} sends ${file.name} from byte ${begins}, not ${start} as asked.`);
  }
  const length = headers["content-length"];
  const total = length === undefined ? file.size : begins + Number(length);
  if (total !== file.size) {
    throw new DownloadError(
      "SIZE_MISMATCH",
      `${host} says that ${file.name} has ${total} bytes; the model's list says ${file.size}.`,
    );
  }
  return begins;
}

/** A strong ETag, the only kind that vouches for bytes. */
function validatorOf({ headers }: Response): string | undefined {
  const etag = headers["etag"];
  return typeof etag === "string" && etag.startsWith('"') ? etag : undefined;
}

interface Receiver {
  readonly handle: FileHandle;
  readonly start: number;
  readonly host: string;
  readonly onBytes: (done: number) => void;
  readonly client: HttpClient;
}

async function receive(response: Response, file: RemoteFile, receiver: Receiver): Promise<void> {
  const { handle, start, host, onBytes, client } = receiver;
  let done = start;
  const body = response.body[Symbol.asyncIterator]();
  for (;;) {
    const next = await body.next().catch((error: unknown) => {
      throw networkError(error, host, client.settings.signal);
    });
    if (next.done === true) break;
    const chunk = next.value as Buffer;
    if (done + chunk.length > file.size) {
      throw new DownloadError("SIZE_MISMATCH", `${host} sends more than the ${file.size} bytes of ${file.name}.`);
    }
    await handle.write(chunk, 0, chunk.length, done);
    done += chunk.length;
    onBytes(done);
  }
  if (done < file.size) {
    throw new DownloadError("INTERRUPTED", `${host} stopped at byte ${done} of ${file.size} of ${file.name}.`);
  }
}

/** The bytes that came so far, and what vouches for them. */
class PartFile {
  readonly path: string;
  readonly #validatorPath: string;

  constructor(destination: string) {
    this.path = `${destination}.incomplete`;
    this.#validatorPath = `${this.path}.etag`;
  }

  async size(): Promise<number> {
    return stat(this.path).then(
      ({ size }) => size,
      () => 0,
    );
  }

  async validator(): Promise<string | undefined> {
    return readFile(this.#validatorPath, "utf8").catch(() => undefined);
  }

  /** Throws away what came; what comes now has this ETag. */
  async restart(validator?: string): Promise<0> {
    await rm(this.path, { force: true });
    if (validator === undefined) await rm(this.#validatorPath, { force: true });
    else await writeFile(this.#validatorPath, validator);
    return 0;
  }

  async append(start: number, work: (handle: FileHandle) => Promise<void>): Promise<void> {
    const handle = await open(this.path, start === 0 ? "w" : "r+");
    try {
      await work(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Gives the file its name if its content is right, else throws it away. */
  async finish(file: RemoteFile, destination: string): Promise<void> {
    if (file.hash !== undefined) {
      const actual = await hashFile(this.path, file.size, file.hash.algorithm);
      if (actual !== file.hash.hex) {
        await this.restart();
        throw new DownloadError(
          "CHECKSUM_MISMATCH",
          `${file.name} came damaged (${file.hash.algorithm} ${actual.slice(0, 12)}… instead of ${file.hash.hex.slice(0, 12)}…); try again or another HF_ENDPOINT.`,
        );
      }
    }
    await rename(this.path, destination);
    await rm(this.#validatorPath, { force: true });
  }
}
