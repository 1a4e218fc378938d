import { toBookName } from "@scratch-llm/gpt";
import { type AdamW, Generator } from "@scratch-llm/nn";
import { type SafetensorsFile, type TensorEntry, toFloat32 } from "@scratch-llm/safetensors";
import * as tf from "@tensorflow/tfjs";
import { CheckpointError } from "./checkpoint-error.ts";
import type { TrainState } from "./train-events.ts";

/** What a run folder's checkpoints lie in. */
export const CHECKPOINTS = "checkpoints";
/** The file of a run folder that names its latest checkpoint. */
export const LATEST = "latest";
/** The file of a checkpoint with {@link TrainerStateFile}. */
export const STATE_FILE = "trainer_state.json";
/** The file of a checkpoint with the optimizer's moving averages. */
export const MOMENTS_FILE = "training_state.safetensors";

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** `trainer_state.json`, written last: what the loop needs besides tensors, and the size of every other file. */
export interface TrainerStateFile extends TrainState {
  readonly format: "scratch-llm-trainer-state";
  readonly version: 1;
  /** Steps that the optimizer has taken. */
  readonly optimizerSteps: number;
  /** The generator's state, base64. */
  readonly generator: string;
  readonly extra: Json;
  readonly files: Readonly<Record<string, number>>;
}

/** What a checkpoint restores besides the model, and is made of. */
export interface Trainer {
  /** Over the same parameters as the saved one. */
  readonly optimizer: AdamW;
  /** The generator that loaders and dropout draw from. */
  readonly generator: Generator;
}

/** What {@link restoreTrainer} gives back. */
export interface LoadedCheckpoint {
  /** For `trainModel({ resume })`. */
  readonly state: TrainState;
  /** What was saved as `extra`. */
  readonly extra: Json;
}

/** `step-000123`, the name of the checkpoint after 123 steps. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, "0")}`;
}

/** The content of `trainer_state.json`. */
export function encodeTrainerState(
  { step, epoch, tokensSeen, cursor }: TrainState,
  { optimizer, generator }: Trainer,
  { extra = null, files }: { readonly extra?: Json; readonly files: Readonly<Record<string, number>> },
): string {
  const file: TrainerStateFile = {
    format: "scratch-llm-trainer-state",
    version: 1,
    step,
    epoch,
    tokensSeen,
    cursor,
    optimizerSteps: optimizer.stepCount,
    generator: btoa(String.fromCharCode(...generator.getState())),
    extra,
    files,
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** Undefined where the text is no trainer state of a version that this knows. */
export function parseTrainerState(text: string): TrainerStateFile | undefined {
  try {
    const state = JSON.parse(text) as TrainerStateFile | null;
    return state?.format === "scratch-llm-trainer-state" && state.version === 1 ? state : undefined;
  } catch {
    return undefined;
  }
}

/** The optimizer's moving averages under the book's names of the parameters. */
export function momentEntries(optimizer: AdamW): TensorEntry[] {
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

/**
 * Restores optimizer and generator, so that training goes on as if it had never stopped.
 *
 * @param moments the open `training_state.safetensors`
 * @param name of that file, for messages
 * @throws {CheckpointError} where the checkpoint belongs to another model; nothing is changed then.
 */
export async function restoreTrainer(
  saved: TrainerStateFile,
  moments: SafetensorsFile,
  name: string,
  { optimizer, generator }: Trainer,
): Promise<LoadedCheckpoint> {
  const randomState = Uint8Array.from(atob(saved.generator), (character) => character.charCodeAt(0));
  new Generator().setState(randomState); // a broken one throws here, before anything is changed
  const tensors = await readMoments(name, moments, optimizer);
  try {
    optimizer.loadStateDict(tensors, saved.optimizerSteps);
  } finally {
    tf.dispose([...tensors.values()]);
  }
  generator.setState(randomState);
  const { step, epoch, tokensSeen, cursor, extra } = saved;
  return { state: { step, epoch, tokensSeen, cursor }, extra };
}

async function readMoments(path: string, file: SafetensorsFile, optimizer: AdamW): Promise<Map<string, tf.Tensor>> {
  const names = new Map([...optimizer.stateDict().keys()].map((name) => [toBookName(name), name]));
  requireSameNames(path, file, names);
  const moments = new Map<string, tf.Tensor>();
  try {
    for (const [onDisk, name] of names) {
      const { info, bytes } = await file.read(onDisk);
      moments.set(name, tf.tensor(toFloat32(bytes, info.dtype), [...info.shape], "float32"));
    }
    return moments;
  } catch (error) {
    tf.dispose([...moments.values()]);
    throw error;
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
