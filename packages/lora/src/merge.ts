import type { Linear, Module } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { currentAdapter, linearLayers, type LoRAAdapter, useAdapter } from "./adapter.ts";
import { LoRAError } from "./errors.ts";

/**
 * Adds the model's LoRA layers to its weights and takes them out of it: the same function as before, at no cost, in a
 * plain model that can be saved (section E.2).
 *
 * @returns the layers, for {@link unmergeLora}
 * @throws {LoRAError} `LORA_SHARED_WEIGHT`, before anything is changed, when a weight belongs to another layer too
 * @example
 * const adapter = mergeLora(model);
 * await saveHuggingFaceFolder("merged", { model, tokenizer });
 * unmergeLora(model, adapter); // and train on
 */
export function mergeLora(model: Module): LoRAAdapter {
  const adapter = currentAdapter(model);
  requireOwnWeights(model, adapter);
  useAdapter(model, undefined);
  addToWeights(model, adapter, 1);
  return adapter;
}

/**
 * Undoes {@link mergeLora}, up to rounding: subtracts the layers from the weights and puts them beside these again.
 *
 * @throws {LoRAError} `LORA_NO_LAYER` or `LORA_SHAPE`, before anything is changed, when it is another model's
 */
export function unmergeLora(model: Module, adapter: LoRAAdapter): void {
  useAdapter(model, adapter);
  addToWeights(model, adapter, -1);
}

function addToWeights(model: Module, adapter: LoRAAdapter, sign: 1 | -1): void {
  const layers = linearLayers(model);
  for (const [name, lora] of adapter) {
    const { weight } = layers.get(name) as Linear;
    tf.tidy(() => weight.assign(weight.add(lora.delta().mul(sign))));
  }
}

/** A head that is the token embedding cannot take in a change: the embedding would change too. */
function requireOwnWeights(model: Module, adapter: LoRAAdapter): void {
  const listed = model.namedParameters();
  for (const name of adapter.keys()) {
    if (listed.has(`${name}.linear.weight`)) continue;
    throw new LoRAError(
      "LORA_SHARED_WEIGHT",
      `${name} shares its weight with another layer, which merging would change too. ` +
        "Give it a weight of its own, or choose layers without it (match).",
    );
  }
}
