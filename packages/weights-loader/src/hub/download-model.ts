import { withLock } from "@scratch-llm/safetensors/node";
import { CachedRepository } from "./cache.ts";
import { chooseFiles } from "./choose-files.ts";
import { requireDiskSpace } from "./disk-space.ts";
import { DownloadError, writeError } from "./download-error.ts";
import { cannotAsk, type DownloadPlan, planFiles, totalSize } from "./download-plan.ts";
import { Progress } from "./events.ts";
import { fetchFile } from "./fetch-file.ts";
import { HttpClient } from "./http.ts";
import { listRepository } from "./list-repository.ts";
import { repositoryName, type RepositoryFile } from "./repository.ts";
import { resolveSettings, type HubOptions, type HubSettings } from "./settings.ts";

/**
 * Says what {@link downloadModel} would fetch, and fetches nothing (`--dry-run`).
 *
 * @throws {DownloadError}
 */
export async function planDownload(model: string, options: HubOptions = {}): Promise<DownloadPlan> {
  const settings = resolveSettings(options);
  const client = new HttpClient(settings);
  try {
    if (settings.offline) throw cannotAsk(settings.endpoint);
    return (await prepare(client, model)).plan;
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

/** A plan with what it takes to carry it out. */
interface Prepared {
  readonly plan: DownloadPlan & { readonly commit: string };
  readonly cache: CachedRepository;
  readonly files: readonly RepositoryFile[];
  readonly missing: readonly RepositoryFile[];
}

async function prepare(client: HttpClient, model: string): Promise<Prepared> {
  const { cacheFolder, endpoint } = client.settings;
  const name = repositoryName(model);
  const { commit, files } = await listRepository(client, name);
  const chosen = chooseFiles(name, files);
  const cache = new CachedRepository(cacheFolder, name);
  const cached = new Set<RepositoryFile>();
  for (const file of chosen) if (await cache.has(file)) cached.add(file);
  const { missing, ...planned } = planFiles(chosen, cached);
  return {
    plan: { name, commit, endpoint, folder: cache.snapshot(commit), ...planned },
    cache,
    files: chosen,
    missing,
  };
}

async function download(client: HttpClient, model: string): Promise<string> {
  const { onEvent, revision, cacheFolder } = client.settings;
  const { plan, cache, files, missing } = await prepare(client, model);
  const totalBytes = plan.missingBytes;
  const cachedBytes = totalSize(files) - totalBytes;
  onEvent({ type: "plan", files: missing.length, totalBytes, cachedBytes });
  await requireDiskSpace(cacheFolder, totalBytes);
  const progress = new Progress(totalBytes, onEvent);
  for (const file of missing) await downloadBlob(client, { cache, file, plan, progress });
  return cache.publish(plan.commit, revision, files);
}

interface Job {
  readonly cache: CachedRepository;
  readonly file: RepositoryFile;
  readonly plan: Prepared["plan"];
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

function isUnreachable(error: unknown): boolean {
  return error instanceof DownloadError && ["UNREACHABLE", "SERVER_ERROR", "STALLED"].includes(error.code);
}

function offlineError(name: string, { cacheFolder }: HubSettings): DownloadError {
  return new DownloadError(
    "OFFLINE",
    `HF_HUB_OFFLINE is set and ${name} is not in ${cacheFolder}; unset it, or copy the model's files and use "model import FOLDER".`,
  );
}
