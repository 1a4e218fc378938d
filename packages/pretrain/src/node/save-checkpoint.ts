import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, syncFolder, writeFileAtomic, writeSafetensors } from "@scratch-llm/safetensors/node";
import {
  checkpointName,
  CHECKPOINTS,
  encodeTrainerState,
  type Json,
  LATEST,
  momentEntries,
  MOMENTS_FILE,
  STATE_FILE,
  type Trainer,
} from "../checkpoint-state.ts";
import type { TrainState } from "../train-events.ts";
import { listCheckpoints, removeFolder, syncFiles } from "./checkpoint-folder.ts";
import { explainSystemError } from "./explain-system-error.ts";

/** What {@link saveCheckpoint} saves. */
export interface SaveCheckpointOptions extends Trainer {
  /** Where the loop stands, as `trainModel` hands it to its `saveCheckpoint` callback. */
  readonly state: TrainState;
  /** Writes the model's files (weights, configuration, tokenizer) to the given folder. */
  readonly saveModel: (dir: string) => Promise<void>;
  /** What the application wants to find again: schedule, seed, metrics so far. */
  readonly extra?: Json;
  /** How many checkpoints to keep, this one included (default: all). */
  readonly keepLast?: number;
}

/**
 * Saves a run in `checkpoints/step-000123/` of its folder and points the file `latest` to it. Everything is written to a
 * temporary folder and brought to the disk before it gets its name, so that whatever interrupts, even `kill -9`, the former
 * checkpoint stays the latest.
 *
 * @returns the checkpoint's path.
 * @throws {CheckpointError}, {SafetensorsError} `WRITE_FAILED` when the disk does not take it; nothing half-written stays.
 * @example
 * ```ts
 * const runDir = "runs/first";
 * const events = trainModel({
 *   ...options,
 *   checkpointEvery: 100,
 *   saveCheckpoint: (state) => saveCheckpoint(runDir, { state, optimizer, generator, saveModel, keepLast: 3 }),
 * });
 * ```
 */
export async function saveCheckpoint(runDir: string, options: SaveCheckpointOptions): Promise<string> {
  const name = checkpointName(options.state.step);
  const parent = join(runDir, CHECKPOINTS);
  const path = join(parent, name);
  const temporary = join(parent, `.${name}.part`);
  try {
    await makeFolder(parent);
    await removeLeftovers(parent);
    await mkdir(temporary);
    await writeFiles(temporary, options);
    await moveIntoPlace(temporary, path);
    await syncFolder(parent);
    await writeFileAtomic(join(runDir, LATEST), `${CHECKPOINTS}/${name}\n`);
    if (options.keepLast !== undefined) await removeOlder(runDir, options.state.step, options.keepLast);
    return path;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined); // the first error is the one to tell
    throw explainSystemError(`save the checkpoint ${path}`, error);
  }
}

async function writeFiles(
  dir: string,
  { state, optimizer, generator, saveModel, extra = null }: SaveCheckpointOptions,
) {
  await saveModel(dir);
  await writeSafetensors(join(dir, MOMENTS_FILE), momentEntries(optimizer));
  const content = encodeTrainerState(state, { optimizer, generator }, { extra, files: await syncFiles(dir) });
  await writeFileAtomic(join(dir, STATE_FILE), content);
}

/** A resumed run may save the same step again: the new one takes the old one's place. */
async function moveIntoPlace(temporary: string, path: string): Promise<void> {
  const old = `${temporary}.old`;
  await rename(path, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rename(temporary, path);
  await rm(old, { recursive: true, force: true });
}

/** What interrupted saves left behind. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (/^\.step-\d+\./.test(name)) await rm(join(parent, name), { recursive: true });
  }
}

/** Checkpoints before `step` beyond the number to keep; later ones, of a run that was left, are not ours to remove. */
async function removeOlder(runDir: string, step: number, keepLast: number): Promise<void> {
  const older = (await listCheckpoints(runDir)).filter((checkpoint) => checkpoint.step < step);
  for (const { path, step } of older.slice(Math.max(0, keepLast - 1))) {
    await removeFolder(path, join(runDir, CHECKPOINTS, `.${checkpointName(step)}.removed`));
  }
}
