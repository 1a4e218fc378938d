import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "../checkpoint-error.ts";
import { CHECKPOINTS, LATEST, parseTrainerState, STATE_FILE, type TrainerStateFile } from "../checkpoint-state.ts";

/** Complete checkpoints of a run folder, the one with most steps first. */
export async function listCheckpoints(runDir: string): Promise<{ step: number; path: string }[]> {
  const names = await readdir(join(runDir, CHECKPOINTS)).catch(() => []);
  const found = names
    .map((name) => ({ step: Number(/^step-(\d+)$/.exec(name)?.[1] ?? -1), path: join(runDir, CHECKPOINTS, name) }))
    .filter(({ step }) => step >= 0)
    .toSorted((a, b) => b.step - a.step);
  const complete = await Promise.all(found.map(({ path }) => isComplete(path)));
  return found.filter((_, i) => complete[i]);
}

/**
 * The checkpoint to go on from: the one that the file `latest` names, or else the complete one with most steps. Checkpoints
 * that an interruption or a bad copy left incomplete do not count, nor those of `before` steps or more.
 *
 * @returns its path, or undefined where there is none.
 */
export async function latestCheckpoint(
  runDir: string,
  { before = Infinity }: { readonly before?: number } = {},
): Promise<string | undefined> {
  const named = (await readFile(join(runDir, LATEST), "utf8").catch(() => "")).trim();
  const step = /^checkpoints\/step-(\d+)$/.exec(named)?.[1];
  if (step !== undefined && Number(step) < before) {
    const path = join(runDir, named);
    if (await isComplete(path)) return path;
  }
  return (await listCheckpoints(runDir)).find((one) => one.step < before)?.path;
}

/** @throws {CheckpointError} where the folder is no complete checkpoint. */
export async function readTrainerState(path: string): Promise<TrainerStateFile> {
  const remedy = "choose another checkpoint, or start a new run";
  const text = await readFile(join(path, STATE_FILE), "utf8").catch((cause: unknown) => {
    throw new CheckpointError(`${path} is no checkpoint: it has no readable ${STATE_FILE}; ${remedy}.`, { cause });
  });
  const state = parseTrainerState(text);
  if (state === undefined) {
    throw new CheckpointError(`${join(path, STATE_FILE)} is no trainer state of version 1; ${remedy}.`);
  }
  for (const [file, size] of Object.entries(state.files)) {
    const found = await stat(join(path, file)).then(
      (info) => info.size,
      () => undefined,
    );
    if (found === size) continue;
    const actual = found === undefined ? "is missing" : `has ${found} bytes`;
    throw new CheckpointError(`${join(path, file)} ${actual}, ${STATE_FILE} says ${size} bytes; ${remedy}.`);
  }
  return state;
}

async function isComplete(path: string): Promise<boolean> {
  return readTrainerState(path).then(
    () => true,
    () => false,
  );
}

/** Removes a folder so that no half-removed one looks like a checkpoint. */
export async function removeFolder(path: string, hidden: string): Promise<void> {
  await rename(path, hidden);
  await rm(hidden, { recursive: true });
}

/** Brings every file of a folder, and the folder itself, to the disk; answers with the files' sizes. */
export async function syncFiles(dir: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const handle = await open(path, "r+");
    await handle.sync().finally(() => handle.close());
    sizes[path.slice(dir.length + 1).replaceAll("\\", "/")] = (await stat(path)).size;
  }
  return sizes;
}
