import * as tf from "@tensorflow/tfjs";

/** Added to a score that must not count: finite, so that no NaN can arise, yet its softmax is exactly 0 in float32. */
export const MASKED = -1e9;

/** Training uses one length and generation a few: more masks than this are not kept. */
const MAX_CACHED = 8;

const cache = new Map<string, tf.Tensor2D>();

/**
 * The additive causal mask (book section 3.5.1): 0 where a query may look, −1e9 in its future.
 * The queries are the last `numQueries` of `numKeys` positions; without a cache the two are equal.
 * Masks are kept per length, so the caller must not dispose of them.
 *
 * @returns (queries, keys)
 */
export function causalMask(numQueries: number, numKeys: number = numQueries): tf.Tensor2D {
  const key = `${tf.getBackend()}:${numQueries}:${numKeys}`;
  const mask = cache.get(key) ?? tf.keep(buildMask(numQueries, numKeys));
  cache.delete(key); // and set again: the least recently used mask stays first in the map
  cache.set(key, mask);
  if (cache.size > MAX_CACHED) dropOldest();
  return mask;
}

function buildMask(numQueries: number, numKeys: number): tf.Tensor2D {
  const past = numKeys - numQueries;
  const values = new Float32Array(numQueries * numKeys);
  for (let query = 0; query < numQueries; query++) {
    values.fill(MASKED, query * numKeys + past + query + 1, (query + 1) * numKeys);
  }
  return tf.tensor2d(values, [numQueries, numKeys]);
}

function dropOldest(): void {
  for (const [key, mask] of cache) {
    mask.dispose();
    cache.delete(key);
    return;
  }
}
