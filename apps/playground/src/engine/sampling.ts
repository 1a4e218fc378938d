/*
 * For the page: what sampling does to logits, with nothing of TensorFlow.js and no pass through the model.
 */
import { applyProcessors, logitsProcessors, probabilities, topIndices } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import type { SamplingOptions } from "./protocol.ts";

/** The distribution of the next token, as the model gives it and as it is sampled from. Both sum to 1. */
export interface Filtered {
  /** Softmax of the whole vocabulary. */
  readonly before: Float32Array;
  /** After temperature, top-k, top-p and min-p, in this order; 0 for what they exclude. */
  readonly after: Float32Array;
  /** Tokens that are left, the most likely first. */
  readonly kept: Int32Array;
}

/** What the knobs make of the logits. Temperature 0 leaves the most likely token alone. */
export function filterLogits(logits: Float32Array, options: SamplingOptions): Filtered {
  const before = probabilities(logits);
  if (options.temperature === 0) {
    const [best = 0] = topIndices(logits, 1);
    const after = new Float32Array(logits.length);
    after[best] = 1;
    return { before, after, kept: Int32Array.of(best) };
  }
  const context = { ids: [], promptLength: 0 }; // only penalties ask for it
  const after = probabilities(applyProcessors(logitsProcessors(options), logits, context));
  const kept = Int32Array.from(after.keys()).filter((id) => after[id]! > 0);
  return { before, after, kept: kept.toSorted((a, b) => after[b]! - after[a]! || a - b) };
}

/** Draws a token as `generate` draws its first one: the same seed gives the same token on every backend. */
export function drawToken({ after, kept }: Filtered, seed: number): number {
  return kept.length === 1 ? kept[0]! : new Generator(seed).multinomial(after);
}
