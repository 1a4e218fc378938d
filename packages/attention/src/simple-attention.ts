import { softmax } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { Tap } from "./tap.ts";

/**
 * Self-attention without trainable weights (book section 3.3): every token's context vector is the average of all
 * tokens, weighted by how similar they are to it.
 *
 * @param inputs (tokens, d)
 * @returns (tokens, d)
 *
 * @example
 * const context = simpleSelfAttention(tf.tensor2d([[0.43, 0.15, 0.89], [0.55, 0.87, 0.66]]));
 */
export function simpleSelfAttention(inputs: tf.Tensor2D, { tap }: { tap?: Tap | undefined } = {}): tf.Tensor2D {
  const scores = inputs.matMul(inputs, false, true); // (tokens, tokens)
  tap?.("scores", scores);
  const weights = softmax(scores); // each row sums to 1
  tap?.("weights", weights);
  return weights.matMul(inputs) as tf.Tensor2D;
}
