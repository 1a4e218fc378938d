import { join } from "node:path";
import type { Module } from "@scratch-llm/nn";
import { toFloat32 } from "@scratch-llm/safetensors";
import { openSafetensors, writeSafetensors } from "@scratch-llm/safetensors/node";
import * as tf from "@tensorflow/tfjs";
import type { TrainState } from "../src/train-events.ts";
import { loadCheckpoint } from "../src/node/load-checkpoint.ts";
import { saveCheckpoint } from "../src/node/save-checkpoint.ts";
import type { TinyRun } from "./tiny-run.ts";

/** Writes a model's weights, as the applications' model folders do. */
export async function saveTinyModel(dir: string, model: Module): Promise<void> {
  const entries = [...model.stateDict()].map(([name, tensor]) => ({
    name,
    dtype: "F32" as const,
    shape: tensor.shape,
    data: async () => new Uint8Array((await tensor.data()).slice().buffer),
  }));
  await writeSafetensors(join(dir, "model.safetensors"), entries);
}

/** Saves the whole run. */
export async function saveTinyRun(runDir: string, run: TinyRun, state: TrainState, keepLast?: number): Promise<string> {
  const { optimizer, generator, model } = run;
  const saveModel = (dir: string): Promise<void> => saveTinyModel(dir, model);
  return saveCheckpoint(runDir, { state, optimizer, generator, saveModel, ...(keepLast && { keepLast }) });
}

/** Puts a saved run into a fresh one. */
export async function restoreTinyRun(path: string, run: TinyRun): Promise<TrainState> {
  const file = await openSafetensors(join(path, "model.safetensors"));
  const weights = new Map<string, tf.Tensor>();
  for (const name of file.tensors.keys()) {
    const { info, bytes } = await file.read(name);
    weights.set(name, tf.tensor(toFloat32(bytes, info.dtype), [...info.shape], "float32"));
  }
  await file.close();
  run.model.loadStateDict(weights);
  tf.dispose([...weights.values()]);
  return (await loadCheckpoint(path, run)).state;
}
