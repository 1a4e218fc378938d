import { join } from "node:path";
import { toBookName } from "@scratch-llm/gpt";
import { type AdamW, Generator } from "@scratch-llm/nn";
import { toFloat32 } from "@scratch-llm/safetensors";
import { openSafetensors, type SafetensorsFile } from "@scratch-llm/safetensors/node";
import * as tf from "@tensorflow/tfjs";
import type { TrainState } from "../train-events.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { type Json, MOMENTS_FILE, readTrainerState } from "./checkpoint-folder.ts";

/** What a checkpoint restores besides the model. */
export interface LoadCheckpointOptions {
  /** Over the same parameters as the saved one. */
  readonly optimizer: AdamW;
  readonly generator: Generator;
}

/** What {@link loadCheckpoint} gives back. */
export interface LoadedCheckpoint {
  /** For `trainModel({ resume })`. */
  readonly state: TrainState;
  /** What was saved as `extra`. */
  readonly extra: Json;
}

/**
 * Restores optimizer and generator from a checkpoint, so that training goes on as if it had never stopped. The model's own
 * files lie in the same folder; load them with what wrote them.
 *
 * @throws {CheckpointError} where the checkpoint is incomplete or belongs to another model; nothing is changed then.
 */
export async function loadCheckpoint(
  path: string,
  { optimizer, generator }: LoadCheckpointOptions,
): Promise<LoadedCheckpoint> {
  const saved = await readTrainerState(path);
  const randomState = new Uint8Array(Buffer.from(saved.generator, "base64"));
  new Generator().setState(randomState); // a broken one throws here, before anything is changed
  const moments = await readMoments(join(path, MOMENTS_FILE), optimizer);
  try {
    optimizer.loadStateDict(moments, saved.optimizerSteps);
  } finally {
    tf.dispose([...moments.values()]);
  }
  generator.setState(randomState);
  const { step, epoch, tokensSeen, cursor, extra } = saved;
  return { state: { step, epoch, tokensSeen, cursor }, extra };
}

async function readMoments(path: string, optimizer: AdamW): Promise<Map<string, tf.Tensor>> {
  const names = new Map([...optimizer.stateDict().keys()].map((name) => [toBookName(name), name]));
  const file = await openSafetensors(path);
  const moments = new Map<string, tf.Tensor>();
  try {
    requireSameNames(path, file, names);
    for (const [onDisk, name] of names) {
      const { info, bytes } = await file.read(onDisk);
      moments.set(name, tf.tensor(toFloat32(bytes, info.dtype), [...info.shape], "float32"));
    }
    return moments;
  } catch (error) {
    tf.dispose([...moments.values()]);
    throw error;
  } finally {
    await file.close();
  }
}

function requireSameNames(path: string, file: SafetensorsFile, names: ReadonlyMap<string, string>): void {
  const missing = [...names.keys()].filter((name) => !file.tensors.has(name));
  const unexpected = [...file.tensors.keys()].filter((name) => !names.has(name));
  if (missing.length === 0 && unexpected.length === 0) return;
  throw new CheckpointError(
    `${path} belongs to another model: ${missing.length} tensors are missing (${missing.slice(0, 3).join(", ")}), ` +
      `${unexpected.length} unexpected (${unexpected.slice(0, 3).join(", ")}); resume with the settings of the saved run.`,
  );
}
