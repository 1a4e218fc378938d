import { join } from "node:path";
import { openSafetensors } from "@scratch-llm/safetensors/node";
import { type LoadedCheckpoint, MOMENTS_FILE, restoreTrainer, type Trainer } from "../checkpoint-state.ts";
import { readTrainerState } from "./checkpoint-folder.ts";

/**
 * Restores optimizer and generator from a checkpoint, so that training goes on as if it had never stopped. The model's own
 * files lie in the same folder; load them with what wrote them.
 *
 * @throws {CheckpointError} where the checkpoint is incomplete or belongs to another model; nothing is changed then.
 */
export async function loadCheckpoint(path: string, trainer: Trainer): Promise<LoadedCheckpoint> {
  const saved = await readTrainerState(path);
  const moments = join(path, MOMENTS_FILE);
  const file = await openSafetensors(moments);
  try {
    return await restoreTrainer(saved, file, moments, trainer);
  } finally {
    await file.close();
  }
}
