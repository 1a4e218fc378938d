import type { GPTModel } from "@scratch-llm/gpt";
import { type Generator, Linear } from "@scratch-llm/nn";
import { ClassifierOptionError } from "./errors.ts";

/** What {@link addClassHead} puts on a model. */
export interface ClassHeadOptions {
  readonly numClasses: number;
  /** Draws the head's weights; default the global generator, which the book seeds with 123 before. */
  readonly generator?: Generator;
  /** `false` lets every token see the whole text, in every block (row 17 of the book's ch06/02). */
  readonly causalMask?: boolean;
}

/**
 * Replaces the output head, one row per token of the vocabulary, by one with a row per class (section 6.5). From then on the
 * model gives logits (b, t, numClasses).
 *
 * @throws {ClassifierOptionError} for fewer than two classes
 * @example
 * manualSeed(123);
 * addClassHead(model, { numClasses: 2 });
 */
export function addClassHead(model: GPTModel, { numClasses, generator, causalMask = true }: ClassHeadOptions): void {
  if (!(Number.isSafeInteger(numClasses) && numClasses >= 2)) {
    throw new ClassifierOptionError(`numClasses is ${numClasses}; give a whole number of at least 2.`);
  }
  const { weight } = model.outHead;
  if (weight !== model.tokEmb.weight) model.outHead.dispose();
  model.outHead = new Linear(model.config.embDim, numClasses, generator && { generator });
  for (const { att } of model.trfBlocks) att.causal = causalMask;
}
