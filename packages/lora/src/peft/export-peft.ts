import type { Module } from "@scratch-llm/nn";
import { fromFloat32, type TensorEntry } from "@scratch-llm/safetensors";
import { currentAdapter, linearLayers } from "../adapter.ts";
import { LoRAError } from "../errors.ts";
import { makePeftConfig, type PeftConfig } from "./config.ts";
import { mergeParts, type PeftMatrices, toPeftMatrices } from "./layout.ts";
import { placeOf } from "./names.ts";

/** What PEFT needs to know besides the layers. */
export interface ExportPeftOptions {
  /** Name or path of the model that the adapter belongs to, which PEFT may load by itself. */
  readonly baseModel?: string;
}

/** The contents of `adapter_config.json` and `adapter_model.safetensors`. */
export interface PeftFiles {
  readonly config: PeftConfig;
  readonly entries: TensorEntry[];
}

/**
 * The LoRA layers in a GPT model, in the form of PEFT (`PeftModel.from_pretrained`) for transformers' GPT-2: query, key and
 * value in one layer, `c_attn`.
 *
 * @throws {LoRAError} `LORA_NO_LAYER` when there are none, `LORA_PEFT` when transformers' GPT-2 has no such layer
 */
export async function exportPeft(model: Module, { baseModel }: ExportPeftOptions = {}): Promise<PeftFiles> {
  const adapter = currentAdapter(model);
  if (adapter.size === 0)
    throw new LoRAError("LORA_NO_LAYER", "The model has no LoRA layers; put an adapter into it first.");
  const parts = new Map<string, (PeftMatrices | undefined)[]>();
  for (const [name, lora] of adapter) {
    const place = placeOf(name);
    if (!place)
      throw new LoRAError("LORA_PEFT", `transformers' GPT-2 has no layer for ${name}; choose layers without it.`);
    const slots =
      parts.get(place.theirs) ?? (place.part === undefined ? [undefined] : [undefined, undefined, undefined]);
    slots[place.part ?? 0] = await toPeftMatrices(lora);
    parts.set(place.theirs, slots);
  }
  const layers = new Map([...parts].map(([name, slots]) => [name, mergeParts(slots)]));
  const sizes = new Map([...layers].map(([name, { rank, scale }]) => [name, { rank, alpha: scale * rank }]));
  const all = [...linearLayers(model).keys()].flatMap((name) => placeOf(name)?.theirs ?? []);
  return {
    config: makePeftConfig(sizes, all, baseModel),
    entries: [...layers].flatMap(([name, layer]) => entriesOf(name, layer)),
  };
}

function entriesOf(name: string, { a, b, rank, inDim, outDim }: PeftMatrices): TensorEntry[] {
  const entry = (matrix: string, shape: number[], values: Float32Array): TensorEntry => ({
    name: `base_model.model.${name}.${matrix}.weight`,
    dtype: "F32",
    shape,
    data: () => fromFloat32(values, "F32"),
  });
  return [entry("lora_A", [rank, inDim], a), entry("lora_B", [outDim, rank], b)];
}
