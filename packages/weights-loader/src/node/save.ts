import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GPTConfig } from "@scratch-llm/gpt";
import type { FloatDtype, TensorEntry } from "@scratch-llm/safetensors";
import { writeFileAtomic, writeSafetensors } from "@scratch-llm/safetensors/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { configToHuggingFace } from "../config/hugging-face.ts";
import { encodeGguf } from "../gguf.ts";
import { weightEntries } from "../write-weights.ts";
import { tokenizerFiles } from "./tokenizer-files.ts";

/** What is saved of a model: its shape and its parameters, each read when its turn comes. A `GPTModel` is one. */
export interface SavedModel {
  readonly config: GPTConfig;
  namedParameters(): ReadonlyMap<string, { data(): Promise<ArrayLike<number>> }>;
}

/** What is saved. */
export interface SaveOptions {
  readonly model: SavedModel;
  readonly tokenizer: Tokenizer;
  /** Default F32: bit for bit. F16 and BF16 take half the space and round to nearest. */
  readonly dtype?: FloatDtype;
  /** What the folder holds besides a GPT, such as a head for classes. */
  readonly extra?: SavedExtra;
}

/** Tensors and entries of `config.json` that are not a GPT's own. */
export interface SavedExtra {
  readonly tensors: readonly TensorEntry[];
  /** Stands over the GPT's entries of the same name, such as `architectures`. */
  readonly config: Readonly<Record<string, unknown>>;
}

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
  const { model, tokenizer, dtype = "F32" } = options;
  const file = path.endsWith(".gguf") ? path : join(path, "model.gguf");
  await mkdir(dirname(file), { recursive: true });
  const { eosId } = tokenizer;
  const pieces = encodeGguf({ config: model.config, tokenizer: tokenizer.toJSON(), eosId, dtype, read: reader(model) });
  await writeFileAtomic(file, pieces);
  return file;
}

async function saveFolder(
  folder: string,
  format: "hf" | "book",
  { model, tokenizer, dtype = "F32", extra }: SaveOptions,
): Promise<string> {
  const { config } = model;
  const { eosId } = tokenizer;
  const files = tokenizerFiles(tokenizer, config.contextLength);
  files.set("config.json", `${JSON.stringify({ ...configToHuggingFace(config, eosId), ...extra?.config }, null, 2)}\n`);
  const generation = eosId === undefined ? {} : { bos_token_id: eosId, eos_token_id: eosId };
  files.set("generation_config.json", `${JSON.stringify(generation, null, 2)}\n`);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFileAtomic(join(folder, name), text);

  const weights = join(folder, "model.safetensors");
  const entries = weightEntries({ config, format, dtype: () => dtype, read: reader(model) });
  await writeSafetensors(weights, [...entries, ...(extra?.tensors ?? [])], { format: "pt" });
  return weights;
}

function reader(model: SavedModel): (name: string) => Promise<Float32Array> {
  const parameters = model.namedParameters();
  return async (name) => (await parameters.get(name)!.data()) as Float32Array;
}
