import { Generator, type Module } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { linearLayers, type LoRAAdapter } from "../adapter.ts";
import { LoRAError } from "../errors.ts";
import { LoRALayer } from "../lora-layer.ts";
import { type LayerSettings, readPeftConfig } from "./config.ts";
import { type PeftMatrices, takePart, transpose } from "./layout.ts";
import { placesIn } from "./names.ts";

/** The tensors of `adapter_model.safetensors`, wherever they lie. */
export interface PeftTensors {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** The tensor's numbers as 32-bit floats. */
  read(name: string): Promise<Float32Array>;
}

const NAME = /^base_model\.model\.(.+)\.lora_[AB]\.weight$/;
/** PEFT saves the frozen weight of an adapted head with it. */
const COPY = /\.lm_head\.base_layer\.weight$/;

/**
 * LoRA layers for a GPT model from PEFT's files for transformers' GPT-2; the model stays as it is. Query, key and value each
 * get a copy of `c_attn`'s A.
 *
 * @param config the contents of `adapter_config.json`
 * @throws {LoRAError} `LORA_PEFT` for tensors or settings that cannot be used
 * @example
 * useAdapter(model, await importPeft(model, config, tensors));
 */
export async function importPeft(model: Module, config: unknown, tensors: PeftTensors): Promise<LoRAAdapter> {
  const settings = readPeftConfig(config);
  const layers = linearLayers(model);
  const adapter = new Map<string, LoRALayer>();
  for (const name of layerNames(tensors)) {
    const matrices = await readMatrices(tensors, name, settings);
    for (const { ours, part } of placesIn(name)) {
      const wide = layers.get(ours)?.weight.shape as [number, number] | undefined;
      adapter.set(ours, makeLayer(ours, takePart(matrices, part), wide));
    }
  }
  return adapter;
}

/** @throws {LoRAError} listing every tensor that is no LoRA matrix of a layer of GPT-2. */
function layerNames({ tensors }: PeftTensors): Set<string> {
  const names = new Set<string>();
  const unknown: string[] = [];
  for (const tensor of tensors.keys()) {
    if (COPY.test(tensor)) continue;
    const layer = NAME.exec(tensor)?.[1];
    if (layer !== undefined && placesIn(layer).length > 0) names.add(layer);
    else unknown.push(tensor);
  }
  if (unknown.length === 0 && names.size > 0) return names;
  const found = unknown.length > 0 ? unknown.slice(0, 5).join(", ") : "nothing";
  throw new LoRAError("LORA_PEFT", `The adapter holds ${found}; only LoRA layers of transformers' GPT-2 can be read.`);
}

async function readMatrices(source: PeftTensors, name: string, settings: LayerSettings): Promise<PeftMatrices> {
  const [nameA, nameB] = ["A", "B"].map((matrix) => `base_model.model.${name}.lora_${matrix}.weight`) as [
    string,
    string,
  ];
  const [shapeA = [], shapeB = []] = [source.tensors.get(nameA)?.shape, source.tensors.get(nameB)?.shape];
  const { rank, scale } = settings(name);
  if (shapeA.length !== 2 || shapeB.length !== 2 || shapeA[0] !== rank || shapeB[1] !== rank) {
    const shapes = `A [${shapeA.join(", ")}] and B [${shapeB.join(", ")}]`;
    throw new LoRAError(
      "LORA_PEFT",
      `${name} has ${shapes}; rank ${rank} asks for A [${rank}, in] and B [out, ${rank}].`,
    );
  }
  const [inDim, outDim] = [shapeA[1] as number, shapeB[0] as number];
  return { a: await source.read(nameA), b: await source.read(nameB), rank, inDim, outDim, scale };
}

function makeLayer(name: string, matrices: PeftMatrices, wide: [number, number] | undefined): LoRALayer {
  const { a, b, rank, inDim, outDim, scale } = matrices;
  if (wide?.[0] !== outDim || wide[1] !== inDim) {
    const model = wide ? `maps ${wide[1]} → ${wide[0]}` : "has no such layer";
    throw new LoRAError(
      "LORA_PEFT",
      `The adapter's ${name} maps ${inDim} → ${outDim}, the model ${model}; it is another model's.`,
    );
  }
  const lora = new LoRALayer(inDim, outDim, { rank, alpha: scale, scaling: "alpha", generator: new Generator(0) });
  tf.tidy(() => {
    lora.A.assign(tf.tensor2d(transpose(a, rank, inDim), [inDim, rank]));
    lora.B.assign(tf.tensor2d(transpose(b, outDim, rank), [rank, outDim]));
  });
  return lora;
}
