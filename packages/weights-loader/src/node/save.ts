import { dirname, join } from "node:path";
import { makeFolder, writeFileAtomic, writeSafetensors } from "@scratch-llm/safetensors/node";
import { encodeGguf } from "../gguf.ts";
import { modelFiles, reader, type SaveOptions, WEIGHTS_FILE, WEIGHTS_METADATA } from "../model-files.ts";

/**
 * Writes a model as a folder that transformers opens with `from_pretrained`, and `loadModelFolder` bit for bit:
 * `model.safetensors`, `config.json` (ours to the letter under `scratch_llm`), `generation_config.json` and the tokenizer's
 * files. The folder is made if need be; each file appears whole or not at all, the weights last.
 *
 * @throws {SafetensorsError} `WRITE_FAILED`
 * @example await saveHuggingFaceFolder("runs/mine", { model, tokenizer });
 */
export async function saveHuggingFaceFolder(folder: string, options: SaveOptions): Promise<void> {
  await saveFolder(folder, "hf", options);
}

/** What is exported, and how. */
export interface ExportOptions extends SaveOptions {
  /**
   * `hf`: as {@link saveHuggingFaceFolder}. `book`: the same folder with the book's names in `model.safetensors`, for
   * `GPTModel.load_state_dict(safetensors.torch.load_file(…))`. `gguf`: one file for llama.cpp.
   */
  readonly format: "hf" | "book" | "gguf";
}

/**
 * Writes a model in a form that others read.
 *
 * @param path the folder, or for GGUF the file (in a folder of that name when it does not end in `.gguf`)
 * @returns the path of the weights
 * @throws {SafetensorsError} `WRITE_FAILED`
 * @example await exportModel("mine.gguf", { model, tokenizer, format: "gguf", dtype: "F16" });
 */
export async function exportModel(path: string, { format, ...options }: ExportOptions): Promise<string> {
  if (format !== "gguf") return saveFolder(path, format, options);
  const { model, tokenizer, dtype = "F32", extra } = options;
  const file = path.endsWith(".gguf") ? path : join(path, "model.gguf");
  await makeFolder(dirname(file));
  const { eosId } = tokenizer;
  const { config } = model;
  const chatTemplate = extra?.tokenizerConfig?.["chat_template"] as string | undefined;
  const about = { config, tokenizer: tokenizer.toJSON(), eosId, dtype, chatTemplate };
  const pieces = encodeGguf({ ...about, read: reader(model) });
  await writeFileAtomic(file, pieces);
  return file;
}

async function saveFolder(folder: string, format: "hf" | "book", options: SaveOptions): Promise<string> {
  const { texts, weights } = modelFiles(format, options);
  await makeFolder(folder);
  for (const [name, text] of texts) await writeFileAtomic(join(folder, name), text);
  const path = join(folder, WEIGHTS_FILE);
  await writeSafetensors(path, weights, WEIGHTS_METADATA);
  return path;
}
