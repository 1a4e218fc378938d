import { openSafetensorsBlob } from "@scratch-llm/safetensors";
import type { GPTConfig } from "@scratch-llm/gpt";
import { configFromBookShapes } from "./config/book.ts";
import { readOwnConfig } from "./config/fields.ts";
import { configFromHuggingFace } from "./config/hugging-face.ts";
import { WeightsError } from "./errors.ts";
import { parseObject } from "./json.ts";
import { type LoadedModel, loadModel } from "./model.ts";
import { formatOf } from "./names.ts";
import { sourceFromFile, type WeightSource } from "./source.ts";
import { readTokenizer, type ReadText } from "./tokenizer-files.ts";

/**
 * Loads a model from the files of a folder, by their names in it, as a browser has them after they were dropped or stored:
 * one safetensors file with the names of Hugging Face or of the book, `config.json` and the tokenizer's files. The
 * weights are read one tensor at a time.
 *
 * @param folder its name, for messages
 * @throws {WeightsError}
 * @throws {SafetensorsError}
 */
export async function loadModelFiles(folder: string, files: ReadonlyMap<string, Blob>): Promise<LoadedModel> {
  const name = weightsIn(folder, files);
  const read: ReadText = async (file) => files.get(file)?.text();
  const source = sourceFromFile(await openSafetensorsBlob(files.get(name)!, name));
  const format = formatOf(source.tensors, name);
  const config = await readConfig(format, source, read);
  const tokenizer = await readTokenizer(folder, config.vocabSize, read);
  return { model: await loadModel({ config, format, source }), config, tokenizer };
}

function weightsIn(folder: string, files: ReadonlyMap<string, Blob>): string {
  const names = [...files.keys()].filter((name) => name.endsWith(".safetensors"));
  const [name = "model.safetensors"] = names.includes("model.safetensors") ? ["model.safetensors"] : names;
  if (files.has(name) && (names.length === 1 || names.includes("model.safetensors"))) return name;
  const found = names.length === 0 ? `no .safetensors among ${list([...files.keys()])}` : list(names);
  throw new WeightsError("FORMAT_UNKNOWN", `${folder} has ${found}; choose a folder with one model.safetensors.`);
}

function list(names: readonly string[]): string {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? " …" : "");
}

async function readConfig(format: "hf" | "book", source: WeightSource, read: ReadText): Promise<GPTConfig> {
  const text = await read("config.json");
  if (text !== undefined) {
    const json = parseObject(text, "config.json");
    const own = format === "hf" ? configFromHuggingFace(json) : readOwnConfig(json);
    if (own !== undefined) return own;
  }
  if (format === "book") return configFromBookShapes(source.tensors);
  throw new WeightsError("CONFIG_INVALID", "The weights need the config.json that lies beside them: choose it too.");
}
