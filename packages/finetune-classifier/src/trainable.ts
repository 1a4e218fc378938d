import type { GPTModel } from "@scratch-llm/gpt";
import { type CreateAdapterOptions, injectLora } from "@scratch-llm/lora";
import { ClassifierOptionError } from "./errors.ts";

/** What is trained; the words are the book's (ch06/02). */
export type TrainableLayers = "last_layer" | "last_block" | "last_two_blocks" | "all" | "lora";

/** How many blocks are trained, from the last one back. */
const LAST_BLOCKS = { last_layer: 0, last_block: 1, last_two_blocks: 2 } as const;

/**
 * Freezes what is not to be trained (section 6.5). The head always is; "last_layer" is the head alone, "last_block" also the
 * last block and the final normalization, and "lora" gives every linear layer an adapter. Put the class head on before, and
 * make the optimizer after.
 *
 * @throws {ClassifierOptionError} for "lora" without a rank, or two blocks of a model that has one; nothing is frozen then
 */
export function chooseTrainable(model: GPTModel, layers: TrainableLayers, lora?: CreateAdapterOptions): void {
  if (layers === "lora") {
    if (!lora) throw new ClassifierOptionError('"lora" needs a rank and an alpha.');
    const head = model.outHead; // the layer itself, not the adapter around it
    injectLora(model, lora);
    head.unfreeze();
    return;
  }
  if (layers === "all") {
    model.unfreeze();
    return;
  }
  const count = LAST_BLOCKS[layers];
  if (model.trfBlocks.length < count) {
    throw new ClassifierOptionError(`"${layers}" needs ${count} blocks, the model has ${model.trfBlocks.length}.`);
  }
  model.freeze();
  model.outHead.unfreeze();
  if (count === 0) return;
  for (const block of model.trfBlocks.slice(-count)) block.unfreeze();
  model.finalNorm.unfreeze();
}
