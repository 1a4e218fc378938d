import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { GPTModel } from "@scratch-llm/gpt";
import type { FloatDtype } from "@scratch-llm/safetensors";
import { writeFileAtomic, writeSafetensors } from "@scratch-llm/safetensors/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { configToHuggingFace } from "../config/hugging-face.ts";
import { weightEntries } from "../write-weights.ts";
import { tokenizerFiles } from "./tokenizer-files.ts";

/** What is saved. */
export interface SaveOptions {
  readonly model: GPTModel;
  readonly tokenizer: Tokenizer;
  /** Default F32: bit for bit. F16 and BF16 take half the space and round to nearest. */
  readonly dtype?: FloatDtype;
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

/** As {@link saveHuggingFaceFolder}, with the book's names and layout in `model.safetensors` where `format` is "book". */
export async function saveFolder(
  folder: string,
  format: "hf" | "book",
  { model, tokenizer, dtype = "F32" }: SaveOptions,
): Promise<void> {
  const { config } = model;
  const { eosId } = tokenizer;
  const files = tokenizerFiles(tokenizer, config.contextLength);
  files.set("config.json", `${JSON.stringify(configToHuggingFace(config, eosId), null, 2)}\n`);
  const generation = eosId === undefined ? {} : { bos_token_id: eosId, eos_token_id: eosId };
  files.set("generation_config.json", `${JSON.stringify(generation, null, 2)}\n`);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFileAtomic(join(folder, name), text);

  const parameters = model.namedParameters();
  const read = async (name: string): Promise<Float32Array> => (await parameters.get(name)!.data()) as Float32Array;
  const entries = weightEntries({ config, format, dtype, read });
  await writeSafetensors(join(folder, "model.safetensors"), entries, { format: "pt" });
}
