import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "@scratch-llm/safetensors/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { modelFiles, type SavedExtra } from "@scratch-llm/weights-loader";
import { modelCard } from "./model-card.ts";
import { exportOnnx, fileNames, type ExportOptions } from "./onnx-model.ts";
import { QUANTIZATIONS } from "./quantization.ts";
import type { TensorError } from "./weights.ts";

/** What is saved, and how. */
export interface SaveOptions extends ExportOptions {
  readonly tokenizer: Tokenizer;
  /** Entries of its files besides a GPT's, such as a chat template. */
  readonly extra?: SavedExtra;
}

/**
 * Writes a folder that is all a model needs to be deployed: tokenizer and configuration as Hugging Face names them, a card
 * (`README.md`), and in `onnx/` the weights once with two graphs over them, `decoder….onnx` for `openOnnxModel` and
 * `model….onnx` for transformers.js and others. Each file appears whole or not at all, the graphs last; those of another
 * quantisation, which would be an older model, are removed.
 *
 * @returns what rounding did to each tensor
 * @throws {SafetensorsError} `WRITE_FAILED`
 * @example await saveOnnxFolder("deploy/mine", { model, tokenizer, quantization: "int8" });
 */
export async function saveOnnxFolder(
  folder: string,
  { tokenizer, extra = {}, ...options }: SaveOptions,
): Promise<TensorError[]> {
  const { model, quantization = "none", onTensor } = options;
  const { texts } = modelFiles("hf", { model, tokenizer, extra });
  const config = JSON.parse(texts.get("config.json")!) as Record<string, unknown>;
  const dtype = { none: "fp32", f16: "fp16", int8: "int8", int4: "q4", dynamic: "q8" }[quantization];
  config["transformers.js_config"] = { dtype, use_external_data_format: true };
  const errors: TensorError[] = [];
  const hear = (error: TensorError): void => {
    errors.push(error);
    onTensor?.(error);
  };
  await makeFolder(folder);
  await saveOnnxFiles(join(folder, "onnx"), { model, quantization, onTensor: hear });
  for (const other of QUANTIZATIONS.filter((kind) => kind !== quantization)) {
    for (const name of Object.values(fileNames(other))) await rm(join(folder, "onnx", name), { force: true });
  }
  const card = modelCard({ config: model.config, quantization, errors });
  const all = [...texts, ["config.json", `${JSON.stringify(config, null, 2)}\n`], ["README.md", card]] as const;
  for (const [name, text] of all) await writeFileAtomic(join(folder, name), text);
  return errors;
}

/**
 * Writes a model's weights and its two graphs into a folder.
 * @returns the path of the decoder, for `openOnnxModel`
 * @throws {SafetensorsError} `WRITE_FAILED`
 */
export async function saveOnnxFiles(folder: string, options: ExportOptions): Promise<string> {
  const names = fileNames(options.quantization ?? "none");
  const { data, standard, decoder } = exportOnnx(options);
  await makeFolder(folder);
  await writeFileAtomic(join(folder, names.data), data());
  await writeFileAtomic(join(folder, names.standard), [standard]);
  await writeFileAtomic(join(folder, names.decoder), [decoder]);
  return join(folder, names.decoder);
}
