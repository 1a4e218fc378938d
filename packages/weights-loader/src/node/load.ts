import { existsSync } from "node:fs";
import { join } from "node:path";
import type { GPTConfig } from "@scratch-llm/gpt";
import { openSafetensors } from "@scratch-llm/safetensors/node";
import { configFromBookShapes } from "../config/book.ts";
import { readOwnConfig } from "../config/fields.ts";
import { configFromHuggingFace } from "../config/hugging-face.ts";
import { configFromOpenAI } from "../config/openai.ts";
import { type LoadedModel, loadModel } from "../model.ts";
import { sourceFromFile, type WeightSource } from "../source.ts";
import { type ReadText, readTokenizer } from "../tokenizer-files.ts";
import { detectFormat, type Detected } from "./detect.ts";
import { readJson, readText } from "./json.ts";
import { openTensorFlowCheckpoint } from "./tensorflow-checkpoint.ts";

/** What a folder may not tell, or is to be overruled. */
export interface LoadFolderOptions {
  /** Dropout rate in place of the folder's; the book fine-tunes with 0. */
  readonly dropRate?: number | undefined;
  /** Heads per block of a book state dict that has no `config.json` beside it; default one per 64 of the width. */
  readonly nHeads?: number | undefined;
  /** Tensors of the file that are not the GPT's own; others that it has no place for are an error. */
  readonly leaveOut?: readonly string[];
}

/**
 * Loads a model from a folder or file in any format: what `saveHuggingFaceFolder` wrote, Hugging Face's own files (one or
 * sharded), OpenAI's TensorFlow checkpoints, or the book's state dict as safetensors.
 *
 * @throws {WeightsError}
 * @throws {SafetensorsError}
 * @example const { model, tokenizer } = await loadModelFolder("runs/mine");
 */
export async function loadModelFolder(
  path: string,
  { nHeads, dropRate, leaveOut = [] }: LoadFolderOptions = {},
): Promise<LoadedModel> {
  const detected = await detectFormat(path);
  const source = without(leaveOut, await openSource(detected));
  try {
    const found = await readConfig(detected, source, nHeads);
    const config = dropRate === undefined ? found : { ...found, dropRate };
    const tokenizer = await readTokenizer(detected.folder, config.vocabSize, textsOf(detected.folder));
    return { model: await loadModel({ config, format: detected.format, source }), config, tokenizer };
  } finally {
    await source.close();
  }
}

function without(names: readonly string[], source: WeightSource): WeightSource {
  if (names.length === 0) return source;
  return { ...source, tensors: new Map([...source.tensors].filter(([name]) => !names.includes(name))) };
}

async function openSource({ format, weights }: Detected): Promise<WeightSource> {
  if (format === "openai") return openTensorFlowCheckpoint(weights);
  return sourceFromFile(await openSafetensors(weights));
}

/** The text files of a folder, for `readTokenizer`. */
export function textsOf(folder: string): ReadText {
  return async (name) => (existsSync(join(folder, name)) ? readText(join(folder, name)) : undefined);
}

async function readConfig(
  { format, folder }: Detected,
  source: WeightSource,
  nHeads: number | undefined,
): Promise<GPTConfig> {
  if (format === "openai") return configFromOpenAI(await readJson(join(folder, "hparams.json")));
  const path = join(folder, "config.json");
  if (format === "hf") return configFromHuggingFace(await readJson(path));
  const own = existsSync(path) ? readOwnConfig(await readJson(path)) : undefined;
  return own ?? configFromBookShapes(source.tensors, nHeads);
}
