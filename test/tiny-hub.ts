import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DownloadError, type DownloadEvent, type HubOptions } from "@scratch-llm/weights-loader/node";
import { HubServer } from "./hub-server.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/gpt2-weights/hf", import.meta.url));

/** The model that a {@link TinyHub} has, and what is downloaded of it. */
export const MODEL = "owner/name";
export const WEIGHTS = "model.safetensors";
export const NAMES: readonly string[] = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  WEIGHTS,
];

/** A hub on this machine with a tiny model that transformers wrote, an empty cache, and what downloads tell. */
export class TinyHub {
  readonly server: HubServer;
  readonly cacheFolder: string;
  readonly events: DownloadEvent[] = [];
  readonly options: HubOptions;

  private constructor(server: HubServer, cacheFolder: string) {
    this.server = server;
    this.cacheFolder = cacheFolder;
    const onEvent = (event: DownloadEvent): void => void this.events.push(event);
    this.options = { endpoint: server.endpoint, cacheFolder, offline: false, retryDelayMs: 5, onEvent };
  }

  static async start(): Promise<TinyHub> {
    const files = new Map<string, Buffer>([["pytorch_model.bin", Buffer.from("not wanted")]]);
    for (const name of NAMES) files.set(name, await readFile(join(FIXTURE, name)));
    return new TinyHub(await new HubServer(files).start(), await mkdtemp(join(tmpdir(), "hub-")));
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.cacheFolder, { recursive: true });
  }

  /** The model's folder in the cache. */
  get repository(): string {
    return join(this.cacheFolder, "models--owner--name");
  }

  /** Where the content of a file lies in the cache. */
  blob(name: string): string {
    return join(this.repository, "blobs", this.server.hash(name));
  }

  get weights(): Buffer {
    return this.server.files.get(WEIGHTS)!;
  }
}

/** Waits until a file has so many bytes. */
export async function bytesOnDisk(path: string, bytes: number): Promise<void> {
  while (((await stat(path).catch(() => undefined))?.size ?? 0) < bytes) await sleep(10);
}

/** The code of the download error that a promise rejects with. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: unknown) => (error instanceof DownloadError ? error.code : String(error)),
  );
}
