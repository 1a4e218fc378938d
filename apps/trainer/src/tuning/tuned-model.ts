import { join } from "node:path";
import type { GPTModelFast } from "@scratch-llm/gpt";
import { type CreateAdapterOptions, injectLora } from "@scratch-llm/lora";
import { savePeftAdapter } from "@scratch-llm/lora/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { loadModelFolder, saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import type * as tf from "@tensorflow/tfjs";
import { mergedModel } from "./merged-model.ts";
import { readVariables, writeVariables } from "./saved-variables.ts";
import type { LoraSettings } from "./tuning-config.ts";

/** The LoRA layers as they are, for a run that goes on; others read the folder `adapter`. */
const LORA_FILE = "lora.safetensors";

/** Freezes the model but for new LoRA layers. A head that is the token embedding takes none, for both would change. */
export function addLora(model: GPTModelFast, settings: LoraSettings): void {
  const layers = model.config.tieWeights ? { match: /^trfBlocks\./u } : {};
  injectLora(model, { ...layers, ...loraOptions(settings) });
}

/** LoRA as the settings say. */
export function loraOptions({ match, ...options }: LoraSettings): CreateAdapterOptions {
  return { ...options, ...(match !== "" && { match: new RegExp(match, "u") }) };
}

/** The parameters that are trained, by name. */
export function trainableParameters(model: GPTModelFast): Map<string, tf.Variable> {
  return new Map([...model.namedParameters()].filter(([, variable]) => variable.trainable));
}

/** What {@link saveTunedModel} saves. */
export interface TunedModel {
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  /** The weights that the LoRA layers belong to. */
  readonly init: string;
  readonly lora: LoraSettings | null;
}

/**
 * Saves the model as a folder that transformers and this program load, LoRA layers merged; these alone in the folder
 * `adapter`, which PEFT loads.
 */
export async function saveTunedModel(folder: string, { model, tokenizer, init, lora }: TunedModel): Promise<void> {
  await saveHuggingFaceFolder(folder, { model: mergedModel(model), tokenizer });
  if (lora === null) return;
  await savePeftAdapter(join(folder, "adapter"), model, { baseModel: init });
  await writeVariables(join(folder, LORA_FILE), trainableParameters(model));
}

/** Puts what a checkpoint has learned into the model that its run began with. */
export async function restoreTunedModel(
  checkpoint: string,
  model: GPTModelFast,
  lora: LoraSettings | null,
): Promise<void> {
  if (lora === null) {
    const saved = await loadModelFolder(checkpoint);
    model.loadStateDict(saved.model.stateDict());
    saved.model.dispose();
    return;
  }
  await readVariables(join(checkpoint, LORA_FILE), trainableParameters(model));
}
