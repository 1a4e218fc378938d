import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, useBackend } from "@scratch-llm/backend/node";
import type { Quantization } from "@scratch-llm/onnx";
import { saveOnnxFiles } from "@scratch-llm/onnx/node";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";

const run = promisify(execFile);

/** A folder with GPT-2 124M, random weights, as transformers saves it; made the first time. */
export async function modelFolder(python: string): Promise<string> {
  const folder = join(cacheFolder(), "bench-gpt2-124M");
  if (!existsSync(join(folder, "model.safetensors"))) {
    await run(python, [join(import.meta.dirname, "load_peer.py"), "save", folder]);
  }
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify((await gpt2Tokenizer()).toJSON()));
  return folder;
}

/** Where the ONNX files of a model folder lie. */
export const onnxFolder = (folder: string, quantization: Quantization): string => join(folder, `onnx-${quantization}`);

/** Writes them anew. */
export async function exportModel(folder: string, quantization: Quantization): Promise<void> {
  await useBackend("cpu"); // reads the weights and computes nothing
  const { model } = await loadModelFolder(folder);
  await saveOnnxFiles(onnxFolder(folder, quantization), { model, quantization });
  model.dispose();
}
