import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { toBookName } from "@scratch-llm/gpt";
import type { AdamW, Generator } from "@scratch-llm/nn";
import type { TensorEntry } from "@scratch-llm/safetensors";
import { writeFileAtomic, writeSafetensors } from "@scratch-llm/safetensors/node";
import type { TrainState } from "../train-events.ts";
import { explainSystemError } from "./checkpoint-error.ts";
import {
  checkpointName,
  CHECKPOINTS,
  type Json,
  LATEST,
  listCheckpoints,
  MOMENTS_FILE,
  removeFolder,
  STATE_FILE,
  syncFiles,
  syncFolder,
  type TrainerStateFile,
} from "./checkpoint-folder.ts";

/** What {@link saveCheckpoint} saves. */
export interface SaveCheckpointOptions {
  /** Where the loop stands, as `trainModel` hands it to its `saveCheckpoint` callback. */
  readonly state: TrainState;
  readonly optimizer: AdamW;
  /** The generator that loaders and dropout draw from. */
  readonly generator: Generator;
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
 * @throws {CheckpointError} when the disk does not take it; nothing half-written stays.
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
    await mkdir(parent, { recursive: true });
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
  const { step, epoch, tokensSeen, cursor } = state;
  const file: TrainerStateFile = {
    format: "scratch-llm-trainer-state",
    version: 1,
    step,
    epoch,
    tokensSeen,
    cursor,
    optimizerSteps: optimizer.stepCount,
    generator: Buffer.from(generator.getState()).toString("base64"),
    extra,
    files: await syncFiles(dir),
  };
  await writeFileAtomic(join(dir, STATE_FILE), `${JSON.stringify(file, undefined, 2)}\n`);
}

/** The optimizer's moving averages under the book's names of the parameters. */
function momentEntries(optimizer: AdamW): TensorEntry[] {
  return [...optimizer.stateDict()].map(([name, tensor]) => ({
    name: toBookName(name),
    dtype: "F32",
    shape: tensor.shape,
    data: async () => {
      const values = await tensor.data();
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    },
  }));
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
