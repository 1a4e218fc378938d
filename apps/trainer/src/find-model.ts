import { existsSync } from "node:fs";
import { join } from "node:path";
import { latestCheckpoint } from "@scratch-llm/pretrain/node";
import { downloadOpenAI, findCachedModel } from "@scratch-llm/weights-loader/node";
import { TrainerError } from "./errors.ts";
import { importedModel } from "./imported-models.ts";
import { fill, type Messages } from "./messages/messages.ts";
import { newestRun } from "./run-folder.ts";
import { isClassifier } from "./tuning/classifier-settings.ts";

/** How OpenAI's own files are named on the command line: openai:124M. */
export const OPENAI_PREFIX = "openai:";

/** What a model is wanted for: to write text, or to tell classes apart. */
export type ModelUse = "text" | "classes";

/**
 * The folder or file of weights that `--model` names: a path, an imported or downloaded model's name, or, without the
 * flag, the newest run in runs/ that is of use. A run folder stands for its latest checkpoint.
 * @throws {TrainerError} `MODEL_FOLDER` when there is none, or it is made for another use
 */
export async function findModel(
  wished: string | undefined,
  messages: Messages,
  use: ModelUse = "text",
): Promise<string> {
  const name = wished ?? (await newestRun((command) => (command === "classify") === (use === "classes")));
  const { noRun, noClassifier } = messages.errors;
  if (name === undefined) throw new TrainerError("MODEL_FOLDER", use === "text" ? noRun : noClassifier);
  const found = await findWeights(name, messages);
  if ((await isClassifier(found)) === (use === "classes")) return found;
  const wrong = use === "text" ? messages.errors.classifier : messages.errors.notClassifier;
  throw new TrainerError("MODEL_FOLDER", fill(wrong, { name }));
}

async function findWeights(name: string, messages: Messages): Promise<string> {
  if (!existsSync(name)) return findByName(name, messages);
  if (!existsSync(join(name, "checkpoints"))) return name;
  const checkpoint = await latestCheckpoint(name);
  if (checkpoint !== undefined) return checkpoint;
  throw new TrainerError(
    "MODEL_FOLDER",
    `The run in ${name} has no checkpoint yet. Train it further, or name another model.`,
  );
}

async function findByName(name: string, messages: Messages): Promise<string> {
  const found = name.startsWith(OPENAI_PREFIX)
    ? await downloadOpenAI(name.slice(OPENAI_PREFIX.length), { offline: true }).catch(() => undefined)
    : (importedModel(name) ?? (await findCachedModel(name).catch(() => undefined)));
  if (found !== undefined) return found;
  throw new TrainerError("MODEL_FOLDER", fill(messages.errors.noModel, { name }));
}
