import { Generator } from "@scratch-llm/nn";

/**
 * `numpy.random.RandomState(seed).permutation(n)`: 0 … n − 1 in random order. Its engine is PyTorch's own, MT19937; each place
 * draws 32 bits, masked to the next power of two, until they are small enough (NumPy's legacy shuffle).
 */
export function numpyPermutation(n: number, seed: number): Int32Array {
  const generator = new Generator(seed);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j = (generator.random() & mask) >>> 0;
    while (j > i) j = (generator.random() & mask) >>> 0;
    const value = order[i] as number;
    order[i] = order[j] as number;
    order[j] = value;
  }
  return order;
}

/** `df.sample(count, random_state=seed)`: rows in random order, all of them without a count. */
export function sample<T>(rows: readonly T[], seed: number, count: number = rows.length): T[] {
  return Array.from(numpyPermutation(rows.length, seed).subarray(0, count), (row) => rows[row] as T);
}
