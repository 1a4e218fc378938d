import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Module } from "@scratch-llm/nn";
import { toFloat32 } from "@scratch-llm/safetensors";
import { makeFolder, openSafetensors, writeFileAtomic, writeSafetensors } from "@scratch-llm/safetensors/node";
import type { LoRAAdapter } from "../adapter.ts";
import { LoRAError } from "../errors.ts";
import { exportPeft, type ExportPeftOptions } from "../peft/export-peft.ts";
import { importPeft } from "../peft/import-peft.ts";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

/**
 * Writes the LoRA layers in a GPT model as a folder that PEFT opens with `PeftModel.from_pretrained(base, folder)`.
 *
 * @throws {LoRAError} `LORA_NO_LAYER` or `LORA_PEFT`
 * @throws {SafetensorsError} `WRITE_FAILED`
 * @example await savePeftAdapter("runs/mine/adapter", model, { baseModel: "openai-community/gpt2" });
 */
export async function savePeftAdapter(folder: string, model: Module, options: ExportPeftOptions = {}): Promise<void> {
  const { config, entries } = await exportPeft(model, options);
  await makeFolder(folder);
  await writeFileAtomic(join(folder, CONFIG), `${JSON.stringify(config, null, 2)}\n`);
  await writeSafetensors(join(folder, WEIGHTS), entries, { format: "pt" });
}

/**
 * Reads a folder that PEFT's `save_pretrained` or {@link savePeftAdapter} wrote; the model stays as it is.
 *
 * @throws {LoRAError} `LORA_PEFT` when it is no such folder, or not for this model
 * @throws {SafetensorsError}
 * @example useAdapter(model, await loadPeftAdapter("adapter", model));
 */
export async function loadPeftAdapter(folder: string, model: Module): Promise<LoRAAdapter> {
  const config = await readConfig(join(folder, CONFIG));
  const file = await openSafetensors(join(folder, WEIGHTS));
  try {
    return await importPeft(model, config, {
      tensors: file.tensors,
      async read(name) {
        const { info, bytes } = await file.read(name);
        return toFloat32(bytes, info.dtype);
      },
    });
  } finally {
    await file.close();
  }
}

async function readConfig(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new LoRAError("LORA_PEFT", `Cannot read ${path}; give a folder that PEFT's save_pretrained wrote.`, {
      cause,
    });
  }
}
