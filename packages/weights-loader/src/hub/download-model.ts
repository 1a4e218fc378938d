import { CachedRepository } from "./cache.ts";
import { chooseFiles } from "./choose-files.ts";
import { requireDiskSpace } from "./disk-space.ts";
import { DownloadError, writeError } from "./download-error.ts";
import { Progress } from "./events.ts";
import { fetchFile } from "./fetch-file.ts";
import { HttpClient } from "./http.ts";
import { withLock } from "./lock.ts";
import { listRepository } from "./list-repository.ts";
import { repositoryName, type RepositoryFile } from "./repository.ts";
import { resolveSettings, type HubOptions, type HubSettings } from "./settings.ts";

/** What a download would fetch. */
export interface DownloadPlan {
  /** The model's full name. */
  readonly name: string;
  readonly commit: string;
  readonly endpoint: string;
  /** Where the files will lie. */
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly size: number; readonly isCached: boolean }[];
  /** Bytes of the files that are not in the cache. */
  readonly missingBytes: number;
}

/**
 * Says what {@link downloadModel} would fetch, and fetches nothing (`--dry-run`).
 *
 * @throws {DownloadError}
 */
export async function planDownload(model: string, options: HubOptions = {}): Promise<DownloadPlan> {
  const settings = resolveSettings(options);
  const client = new HttpClient(settings);
  try {
    if (settings.offline) throw offlineError(repositoryName(model), settings);
    return (await makePlan(client, model)).plan;
  } finally {
    await client.close();
  }
}

/**
 * Downloads a model from Hugging Face or a mirror into the cache that its own tools use, or finds it there; book
 * section 5.5 does this with OpenAI's files. Goes on where an earlier download stopped, and checks every file's hash.
 *
 * @param model `gpt2`, `gpt2-medium`, `gpt2-large`, `gpt2-xl` or OWNER/NAME
 * @returns the folder with the model's files, for `loadModelFolder`
 * @throws {DownloadError}
 * @example const folder = await downloadModel("gpt2", { onEvent: console.error });
 */
export async function downloadModel(model: string, options: HubOptions = {}): Promise<string> {
  const settings = resolveSettings(options);
  const name = repositoryName(model);
  if (settings.offline) {
    const found = await findCachedModel(model, options);
    if (found === undefined) throw offlineError(name, settings);
    return found;
  }
  const client = new HttpClient(settings);
  try {
    return await download(client, model);
  } catch (error) {
    const found = isUnreachable(error) ? await findCachedModel(model, options) : undefined;
    if (found === undefined) throw writeError(error, settings.cacheFolder);
    settings.onEvent({ type: "offline", reason: (error as Error).message });
    return found;
  } finally {
    await client.close();
  }
}

/**
 * The folder of a model that is in the cache, whole, whoever downloaded it; undefined when it is not.
 *
 * @example (await findCachedModel("gpt2")) ?? (await downloadModel("gpt2"));
 */
export async function findCachedModel(model: string, options: HubOptions = {}): Promise<string | undefined> {
  const { cacheFolder, revision } = resolveSettings(options);
  const found = await new CachedRepository(cacheFolder, repositoryName(model)).find(revision);
  // transformers keeps "gpt2" under the name that it was asked for
  return found ?? (await new CachedRepository(cacheFolder, model).find(revision));
}

async function makePlan(
  client: HttpClient,
  model: string,
): Promise<{ plan: DownloadPlan; cache: CachedRepository; files: RepositoryFile[]; missing: RepositoryFile[] }> {
  const { cacheFolder, endpoint } = client.settings;
  const name = repositoryName(model);
  const { commit, files: all } = await listRepository(client, name);
  const files = chooseFiles(name, all);
  const cache = new CachedRepository(cacheFolder, name);
  const cached = new Set<RepositoryFile>();
  for (const file of files) if (await cache.has(file)) cached.add(file);
  const missing = files.filter((file) => !cached.has(file));
  const plan = {
    name,
    commit,
    endpoint,
    folder: cache.snapshot(commit),
    files: files.map((file) => ({ name: file.name, size: file.size, isCached: cached.has(file) })),
    missingBytes: totalSize(missing),
  };
  return { plan, cache, files, missing };
}

async function download(client: HttpClient, model: string): Promise<string> {
  const { onEvent, revision, cacheFolder } = client.settings;
  const { plan, cache, files, missing } = await makePlan(client, model);
  const cachedBytes = totalSize(files) - plan.missingBytes;
  onEvent({ type: "plan", files: missing.length, totalBytes: plan.missingBytes, cachedBytes });
  await requireDiskSpace(cacheFolder, plan.missingBytes);
  const progress = new Progress(plan.missingBytes, onEvent);
  for (const file of missing) await downloadBlob(client, { cache, file, plan, progress });
  return cache.publish(plan.commit, revision, files);
}

interface Job {
  readonly cache: CachedRepository;
  readonly file: RepositoryFile;
  readonly plan: DownloadPlan;
  readonly progress: Progress;
}

async function downloadBlob(client: HttpClient, { cache, file, plan, progress }: Job): Promise<void> {
  const { signal, onEvent, endpoint } = client.settings;
  const url = `${endpoint}/${plan.name}/resolve/${plan.commit}/${encodeURIComponent(file.name)}`;
  const onWait = (pid: number): void => onEvent({ type: "wait", file: file.name, pid });
  await withLock(cache.lock(file), { signal, onWait }, async () => {
    if (await cache.has(file)) return; // another process brought it while we waited
    await fetchFile(client, { ...file, url }, cache.blob(file), (bytes) => progress.update(file.name, bytes));
  });
  progress.finish(file.name, file.size);
}

function totalSize(files: readonly RepositoryFile[]): number {
  return files.reduce((total, { size }) => total + size, 0);
}

function isUnreachable(error: unknown): boolean {
  return error instanceof DownloadError && ["UNREACHABLE", "SERVER_ERROR", "STALLED"].includes(error.code);
}

function offlineError(name: string, { cacheFolder }: HubSettings): DownloadError {
  return new DownloadError(
    "OFFLINE",
    `HF_HUB_OFFLINE is set and ${name} is not in ${cacheFolder}; unset it, or copy the model's files and use "model import FOLDER".`,
  );
}
