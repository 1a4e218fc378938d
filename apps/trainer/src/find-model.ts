import { existsSync } from "node:fs";
import { join } from "node:path";
import { latestCheckpoint } from "@scratch-llm/pretrain/node";
import { TrainerError } from "./errors.ts";
import type { Messages } from "./messages/messages.ts";
import { newestRun } from "./run-folder.ts";

/**
 * The folder or file of weights that `--model` names: a run folder stands for its latest checkpoint, and without the flag
 * the newest run in runs/ is meant.
 * @throws {TrainerError} `MODEL_FOLDER` when there is none
 */
export async function findModel(path: string | undefined, messages: Messages): Promise<string> {
  const wished = path ?? (await newestRun());
  if (wished === undefined) throw new TrainerError("MODEL_FOLDER", messages.errors.noRun);
  if (!existsSync(join(wished, "checkpoints"))) return wished;
  const checkpoint = await latestCheckpoint(wished);
  if (checkpoint !== undefined) return checkpoint;
  throw new TrainerError(
    "MODEL_FOLDER",
    `The run in ${wished} has no checkpoint yet. Train it further, or name another model.`,
  );
}
