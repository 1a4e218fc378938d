import * as tf from "@tensorflow/tfjs";

/** Added to a score that must not count: finite, so that no NaN can arise, yet its softmax is exactly 0 in float32. */
export const MASKED = -1e9;

/**
 * The additive causal mask (book section 3.5.1): 0 where a query may look, −1e9 in its future.
 * The queries follow one another from position `start`, without a cache 0; default: so that they are the last ones.
 *
 * Made by operations, not from values, so that a compiled graph need not contain it.
 *
 * @returns (queries, keys)
 */
export function causalMask(
  numQueries: number,
  numKeys: number = numQueries,
  start: tf.Tensor | number = numKeys - numQueries,
): tf.Tensor2D {
  return tf.tidy(() => {
    const fromStart = tf.range(0, numQueries, 1, "int32");
    const queries = (start === 0 ? fromStart : fromStart.add(tf.cast(start, "int32"))).expandDims(1);
    const mayLook = tf.range(0, numKeys, 1, "int32").lessEqual(queries); // (queries, keys)
    return mayLook.cast("float32").sub(1).mul(-MASKED);
  });
}
