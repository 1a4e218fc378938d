import { loadModelFolder, type LoadedModel, type LoadFolderOptions } from "@scratch-llm/weights-loader/node";
import { TrainerError } from "./errors.ts";

/**
 * Loads a model that is to be trained.
 * @throws {TrainerError} `MODEL_FOLDER` when the tokenizer knows tokens that the model does not
 */
export async function loadModelToTrain(path: string, options: LoadFolderOptions = {}): Promise<LoadedModel> {
  const loaded = await loadModelFolder(path, options);
  const { config, tokenizer } = loaded;
  if (tokenizer.vocabSize <= config.vocabSize) return loaded;
  const sizes = `the tokenizer in ${path} has ${tokenizer.vocabSize} tokens and the model ${config.vocabSize}`;
  throw new TrainerError("MODEL_FOLDER", `Vocabulary mismatch: ${sizes}. Put the model's own tokenizer.json there.`);
}
