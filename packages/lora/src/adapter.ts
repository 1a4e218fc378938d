import { Linear, type Module } from "@scratch-llm/nn";
import { LinearWithLoRA } from "./linear-with-lora.ts";
import { LoRAError } from "./errors.ts";
import { LoRALayer, type LoRAOptions } from "./lora-layer.ts";

/** LoRA layers by the name of the linear layer that each belongs to ("trfBlocks.0.att.wQuery"). */
export type LoRAAdapter = ReadonlyMap<string, LoRALayer>;

/** Which layers get a {@link LoRALayer}, and what kind. */
export interface CreateAdapterOptions extends LoRAOptions {
  /** Matches the names of the wanted layers, such as `/wQuery|wValue/`; default all, as in the book. */
  readonly match?: RegExp;
}

/**
 * New LoRA layers for the linear layers of a model, in the order of its fields. The model itself stays as it is.
 *
 * @throws {LoRAError} `LORA_NO_LAYER` when nothing matches, `LORA_OPTION` for a rank or alpha that cannot be
 */
export function createAdapter(model: Module, { match, ...options }: CreateAdapterOptions): LoRAAdapter {
  const layers = linearLayers(model);
  const wanted = [...layers].filter(([name]) => match === undefined || name.search(match) >= 0);
  if (wanted.length === 0) {
    const names = [...layers.keys()].slice(0, 3).join(", ");
    throw new LoRAError("LORA_NO_LAYER", `No linear layer matches ${match ?? "anything"}. Names look like ${names} ….`);
  }
  return new Map(
    wanted.map(([name, { weight }]) => {
      const [outDim, inDim] = weight.shape as [number, number];
      return [name, new LoRALayer(inDim, outDim, options)];
    }),
  );
}

/**
 * Freezes the model and gives its linear layers LoRA layers, which alone are trained (the book's
 * `replace_linear_with_lora`, listing E.7).
 *
 * @returns the new layers, to be merged, swapped or saved
 * @throws {LoRAError} `LORA_NO_LAYER` when nothing matches, `LORA_OPTION` for a rank or alpha that cannot be
 * @example
 * const adapter = injectLora(model, { rank: 16, alpha: 16 });
 * const optimizer = new AdamW(model.namedParameters(), { lr: 8e-4 });
 */
export function injectLora(model: Module, options: CreateAdapterOptions): LoRAAdapter {
  const adapter = createAdapter(model, options);
  model.freeze();
  useAdapter(model, adapter);
  return adapter;
}

/**
 * Puts an adapter's layers into the model, or takes all LoRA layers out of it where `adapter` is undefined. The layers
 * that were in it before stay whole, so that adapters can be swapped back and forth. Whatever holds the model's parameters
 * by name (an optimizer, a compiled step) belongs to the adapter it was made with.
 *
 * @throws {LoRAError} `LORA_NO_LAYER` or `LORA_SHAPE`, before anything is changed, when it is not of this model's shape
 * @example
 * useAdapter(model, formal); // …
 * useAdapter(model, friendly); // …
 * useAdapter(model, undefined); // the model itself
 */
export function useAdapter(model: Module, adapter: LoRAAdapter | undefined): void {
  const layers = linearLayers(model);
  for (const [name, lora] of adapter ?? []) requireFit(name, lora, layers.get(name));
  for (const [name, layer] of layers) {
    const linear = layer instanceof LinearWithLoRA ? layer.linear : layer;
    const lora = adapter?.get(name);
    replaceLayer(model, name, lora ? new LinearWithLoRA(linear, lora) : linear);
  }
}

/** The LoRA layers that are in the model now; empty without any. */
export function currentAdapter(model: Module): LoRAAdapter {
  const entries = [...linearLayers(model)].flatMap(([name, layer]): [string, LoRALayer][] =>
    layer instanceof LinearWithLoRA ? [[name, layer.lora]] : [],
  );
  return new Map(entries);
}

/** Frees an adapter's memory; it must not be in use. */
export function disposeAdapter(adapter: LoRAAdapter): void {
  for (const lora of adapter.values()) lora.dispose();
}

/** Every linear layer by name, in the order of the fields, alone or with LoRA. */
export function linearLayers(model: Module): Map<string, Linear | LinearWithLoRA> {
  const layers = new Map<string, Linear | LinearWithLoRA>();
  for (const [name, module] of model.namedModules()) {
    const inner = name.endsWith(".linear") && layers.get(name.slice(0, -".linear".length)) instanceof LinearWithLoRA;
    if (name !== "" && !inner && (module instanceof Linear || module instanceof LinearWithLoRA))
      layers.set(name, module);
  }
  return layers;
}

function requireFit(name: string, { A, B }: LoRALayer, layer: Linear | LinearWithLoRA | undefined): void {
  if (!layer)
    throw new LoRAError("LORA_NO_LAYER", `The model has no linear layer ${name}; the adapter is another model's.`);
  const [outDim, inDim] = layer.weight.shape;
  if (A.shape[0] === inDim && B.shape[1] === outDim) return;
  const sizes = `${A.shape[0]} → ${B.shape[1]}, the model's layer ${inDim} → ${outDim}`;
  throw new LoRAError("LORA_SHAPE", `The adapter's ${name} maps ${sizes}; the adapter is another model's.`);
}

function replaceLayer(model: Module, name: string, layer: Linear | LinearWithLoRA): void {
  const fields = name.split(".");
  const last = fields.pop() as string;
  const parent = fields.reduce<object>((part, field) => Reflect.get(part, field) as object, model);
  Reflect.set(parent, last, layer);
}
