import { existsSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { withLock } from "@scratch-llm/safetensors/node";
import { openTensorFlowCheckpoint } from "../node/tensorflow-checkpoint.ts";
import type { CachedModel } from "./cache.ts";
import { hashFromHeaders } from "./checksum.ts";
import { requireDiskSpace } from "./disk-space.ts";
import { DownloadError, writeError } from "./download-error.ts";
import { cannotAsk, type DownloadPlan, planFiles, totalSize } from "./download-plan.ts";
import { Progress } from "./events.ts";
import { fetchFile, type RemoteFile } from "./fetch-file.ts";
import { HttpClient, requireSuccess } from "./http.ts";
import { withRetries } from "./retry.ts";
import { resolveSettings, type HubOptions, type HubSettings } from "./settings.ts";

/** OpenAI's own storage, and the copy that the book's author keeps. */
const SOURCES = [
  "https://openaipublic.blob.core.windows.net/gpt-2/models",
  "https://f001.backblazeb2.com/file/LLMs-from-scratch/gpt2",
];
const SIZES: readonly string[] = ["124M", "355M", "774M", "1558M"];
const INDEX = "model.ckpt.index";
const DATA = "model.ckpt.data-00000-of-00001";
/** The graph (`model.ckpt.meta`) is not needed. */
const FILES = ["hparams.json", "encoder.json", "vocab.bpe", INDEX, DATA];

/** As {@link HubOptions}, but `endpoint` and `cacheFolder` are those of OpenAI's files. */
export type OpenAIOptions = Omit<HubOptions, "token" | "tokenOrigin" | "revision">;

/**
 * Downloads GPT-2 as OpenAI published it: TensorFlow's checkpoint and its companions (the book's
 * `download_and_load_gpt2`, section 5.5). What the server says of size and hash is checked, then the checkpoint's own
 * CRC-32C of every tensor.
 *
 * @param size `124M`, `355M`, `774M` or `1558M`
 * @returns the folder, for `loadModelFolder`
 * @throws {DownloadError}
 * @throws {WeightsError} `CHECKSUM_MISMATCH` when a tensor is damaged
 * @example const folder = await downloadOpenAI("124M");
 */
export async function downloadOpenAI(size: string, options: OpenAIOptions = {}): Promise<string> {
  const { settings, sources, folder } = resolve(size, options);
  if (existsSync(folder)) return folder;
  if (settings.offline) {
    throw new DownloadError("OFFLINE", `HF_HUB_OFFLINE is set and there is no ${folder}; unset it to download.`);
  }
  const client = new HttpClient(settings);
  const onWait = (pid: number): void => settings.onEvent({ type: "wait", file: size, pid });
  try {
    await withLock(`${folder}.lock`, { signal: settings.signal, onWait }, async () => {
      if (existsSync(folder)) return; // another process brought it while we waited
      const { plan, missing } = await prepare(client, sources, size);
      await download(client, plan, missing);
      await checkTensors(incomplete(folder));
      await rename(incomplete(folder), folder);
    });
  } catch (error) {
    throw writeError(error, settings.cacheFolder);
  } finally {
    await client.close();
  }
  return folder;
}

/**
 * Says what {@link downloadOpenAI} would fetch, and fetches nothing (`--dry-run`).
 *
 * @throws {DownloadError}
 */
export async function planOpenAI(size: string, options: OpenAIOptions = {}): Promise<DownloadPlan> {
  const { settings, sources } = resolve(size, options);
  if (settings.offline) throw cannotAsk(sources[0]!);
  const client = new HttpClient(settings);
  try {
    return (await prepare(client, sources, size)).plan;
  } finally {
    await client.close();
  }
}

/** OpenAI's models in the cache. */
export async function listOpenAI(options: OpenAIOptions = {}): Promise<CachedModel[]> {
  const models: CachedModel[] = [];
  for (const size of SIZES) {
    const { folder } = resolve(size, options);
    for (const at of [folder, incomplete(folder)].filter((path) => existsSync(path))) {
      const files = await Promise.all((await readdir(at)).map((name) => stat(join(at, name))));
      models.push({ name: `openai:${size}`, folder: at, bytes: totalSize(files), isWhole: at === folder });
    }
  }
  return models;
}

/** Removes one of OpenAI's models from the cache; answers whether it was there. */
export async function removeOpenAI(size: string, options: OpenAIOptions = {}): Promise<boolean> {
  const { folder } = resolve(size, options);
  const found = [folder, incomplete(folder)].filter((path) => existsSync(path));
  for (const path of found) await rm(path, { recursive: true });
  return found.length > 0;
}

function resolve(
  size: string,
  options: OpenAIOptions,
): { settings: HubSettings; sources: readonly string[]; folder: string } {
  if (!SIZES.includes(size)) {
    throw new DownloadError("NAME_INVALID", `OpenAI published GPT-2 as ${SIZES.join(", ")}, not as "${size}".`);
  }
  const settings = resolveSettings({ ...options, cacheFolder: options.cacheFolder ?? defaultCacheFolder() });
  return {
    settings: { ...settings, token: undefined },
    sources: options.endpoint === undefined ? SOURCES : [settings.endpoint],
    folder: join(settings.cacheFolder, size),
  };
}

/** Where the files come together: the folder has its name only when all of it is there and right. */
function incomplete(folder: string): string {
  return `${folder}.incomplete`;
}

async function prepare(
  client: HttpClient,
  sources: readonly string[],
  size: string,
): Promise<{ plan: DownloadPlan; missing: readonly RemoteFile[] }> {
  const folder = join(client.settings.cacheFolder, size);
  const { endpoint, files } = await findFiles(client, sources, size);
  const isCached = (name: string): boolean => [folder, incomplete(folder)].some((at) => existsSync(join(at, name)));
  const { missing, ...planned } = planFiles(files, new Set(files.filter(({ name }) => isCached(name))));
  return { plan: { name: `openai:${size}`, endpoint, folder, ...planned }, missing };
}

async function download(
  client: HttpClient,
  { folder, files, missingBytes }: DownloadPlan,
  missing: readonly RemoteFile[],
): Promise<void> {
  const { onEvent } = client.settings;
  const cachedBytes = totalSize(files) - missingBytes;
  onEvent({ type: "plan", files: missing.length, totalBytes: missingBytes, cachedBytes });
  await requireDiskSpace(folder, missingBytes);
  const progress = new Progress(missingBytes, onEvent);
  for (const file of missing) {
    const path = join(incomplete(folder), file.name);
    await fetchFile(client, file, path, (bytes) => progress.update(file.name, bytes));
    progress.finish(file.name, file.size);
  }
}

/** The first source that answers, with the size and hash that it gives of each file. */
async function findFiles(
  client: HttpClient,
  sources: readonly string[],
  size: string,
): Promise<{ endpoint: string; files: RemoteFile[] }> {
  let failure: unknown;
  for (const endpoint of sources) {
    try {
      const files: RemoteFile[] = [];
      for (const name of FILES) files.push(await describe(client, name, `${endpoint}/${size}/${name}`));
      return { endpoint, files };
    } catch (error) {
      client.settings.signal?.throwIfAborted();
      failure = error;
    }
  }
  throw failure instanceof DownloadError && failure.code === "UNREACHABLE" ? unreachable(sources, failure) : failure;
}

function unreachable(sources: readonly string[], cause: DownloadError): DownloadError {
  const hosts = sources.map((source) => new URL(source).host).join(" and ");
  return new DownloadError(
    "UNREACHABLE",
    `${hosts} cannot be reached: give a mirror with --endpoint, download gpt2 in its place (HF_ENDPOINT names a mirror of Hugging Face), or copy the model's files and use "model import FOLDER".`,
    { cause },
  );
}

async function describe(client: HttpClient, name: string, url: string): Promise<RemoteFile> {
  const { host } = new URL(url);
  return withRetries(name, client.settings, async () => {
    const response = await client.send("HEAD", url);
    await requireSuccess(response, name, host);
    await response.body.dump();
    const size = Number(response.headers["content-length"] ?? Number.NaN);
    if (!Number.isSafeInteger(size))
      throw new DownloadError("SERVER_ERROR", `${host} does not say how large ${name} is.`);
    return { name, url, size, hash: hashFromHeaders(response.headers) };
  });
}

/** Compares every tensor with its checksum. What is damaged is thrown away, so that the next download brings it anew. */
async function checkTensors(folder: string): Promise<void> {
  try {
    const checkpoint = await openTensorFlowCheckpoint(join(folder, INDEX));
    try {
      for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
    } finally {
      await checkpoint.close();
    }
  } catch (error) {
    for (const name of [INDEX, DATA]) await rm(join(folder, name), { force: true });
    throw error;
  }
}

function defaultCacheFolder(): string {
  const { XDG_CACHE_HOME } = process.env;
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "scratch-llm", "openai");
}
