import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { randomUUID } from "node:crypto";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import { repositoryName, type RepositoryFile } from "./repository.ts";
import { resolveSettings, type HubOptions } from "./settings.ts";

/**
 * A repository's folder in the cache that all of Hugging Face's tools share:
 * `blobs/HASH` are contents, `snapshots/COMMIT/NAME` links to them, `refs/REVISION` holds a commit.
 */
export class CachedRepository {
  readonly name: string;
  readonly folder: string;
  readonly #locks: string;

  constructor(cacheFolder: string, name: string) {
    const folderName = `models--${name.replaceAll("/", "--")}`;
    this.name = name;
    this.folder = join(cacheFolder, folderName);
    this.#locks = join(cacheFolder, ".locks", folderName);
  }

  blob({ hash }: RepositoryFile): string {
    return join(this.folder, "blobs", hash.hex);
  }

  /** Not the name that Hugging Face's tools lock: they leave their lock files behind. */
  lock({ hash }: RepositoryFile): string {
    return join(this.#locks, `${hash.hex}.scratch-llm.lock`);
  }

  snapshot(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** Whether a file's content is there, whole: a blob has its name only then. */
  async has(file: RepositoryFile): Promise<boolean> {
    return stat(this.blob(file)).then(
      ({ size }) => size === file.size,
      () => false,
    );
  }

  /** Links a commit's files, whose blobs are all there, and lets the revision point to it. */
  async publish(commit: string, revision: string, files: readonly RepositoryFile[]): Promise<string> {
    const snapshot = this.snapshot(commit);
    for (const file of files) await place(this.blob(file), join(snapshot, file.name));
    if (revision !== commit) {
      const ref = join(this.folder, "refs", revision);
      await mkdir(dirname(ref), { recursive: true });
      await writeFileAtomic(ref, commit);
    }
    return snapshot;
  }

  /** The folder of a revision that was downloaded before, if all its files are there. */
  async find(revision: string): Promise<string | undefined> {
    const isCommit = /^[0-9a-f]{40}$/.test(revision);
    const ref = join(this.folder, "refs", revision);
    const commit = isCommit ? revision : await readFile(ref, "utf8").catch(() => undefined);
    if (commit === undefined) return undefined;
    const snapshot = this.snapshot(commit.trim());
    return (await isWhole(snapshot)) ? snapshot : undefined;
  }
}

/** Whether a snapshot has a configuration and all of its weights. Links whose blob is gone do not count. */
async function isWhole(snapshot: string): Promise<boolean> {
  const has = (name: string): boolean => existsSync(join(snapshot, name));
  if (!has("config.json")) return false;
  if (has("model.safetensors")) return true;
  try {
    const index = await readFile(join(snapshot, "model.safetensors.index.json"), "utf8");
    const { weight_map: map } = JSON.parse(index) as { weight_map: Record<string, string> };
    return [...new Set(Object.values(map))].every(has);
  } catch {
    return false; // there is no index, or none that says anything
  }
}

/** Puts a link to a blob where a name belongs, or a copy where the system allows no links (Windows). */
async function place(blob: string, path: string): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await symlink(relative(dirname(path), blob), temporary);
  } catch {
    await copyFile(blob, temporary);
  }
  await rename(temporary, path);
}

/** A model in the cache. */
export interface CachedModel {
  readonly name: string;
  readonly folder: string;
  /** Bytes on disk, unfinished downloads included. */
  readonly bytes: number;
  readonly isWhole: boolean;
}

/** The models in the cache, by name. */
export async function listCachedModels(options: HubOptions = {}): Promise<CachedModel[]> {
  const { cacheFolder } = resolveSettings(options);
  const folders = await readdir(cacheFolder).catch(() => []);
  const models = folders.filter((folder) => folder.startsWith("models--")).toSorted();
  return Promise.all(
    models.map(async (folderName) => {
      const name = folderName.slice("models--".length).replaceAll("--", "/");
      const repository = new CachedRepository(cacheFolder, name);
      const blobs = join(repository.folder, "blobs");
      const sizes = (await readdir(blobs).catch(() => [])).map((blob) => stat(join(blobs, blob)));
      const bytes = (await Promise.all(sizes)).reduce((total, { size }) => total + size, 0);
      const isFound = (await repository.find("main")) !== undefined;
      return { name, folder: repository.folder, bytes, isWhole: isFound };
    }),
  );
}

/** Removes a model from the cache; answers whether it was there. */
export async function removeCachedModel(model: string, options: HubOptions = {}): Promise<boolean> {
  const { cacheFolder } = resolveSettings(options);
  const { folder } = new CachedRepository(cacheFolder, repositoryName(model));
  if (!existsSync(folder)) return false;
  await rm(folder, { recursive: true });
  return true;
}
