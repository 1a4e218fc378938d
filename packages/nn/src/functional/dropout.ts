import * as tf from "@tensorflow/tfjs";
import { hasKernel, KERNELS, runKernel } from "../kernels.ts";
import { customGrad } from "./custom-grad.ts";

/** What a mask of {@link statelessDropout} depends on, besides the shape. */
export interface StatelessDropoutOptions {
  /** Probability of 0. */
  readonly rate: number;
  /** An int32: a number, or a scalar tensor, which no other operation should use. */
  readonly seed: number | tf.Tensor;
  /** Number of the call among those that share the seed. */
  readonly site: number;
}

/** x times a mask of 0 and 1 / (1 − rate) that the same seed, site and shape always give again. */
export function statelessDropout<T extends tf.Tensor>(x: T, options: StatelessDropoutOptions): T {
  const { rate, seed, site } = options;
  if (!hasKernel(KERNELS.dropout)) {
    // Reading the seed waits for nothing: no operation uses it, so a backend still holds the value it was made from.
    const value = typeof seed === "number" ? seed : (seed.dataSync()[0] as number);
    return x.mul(tf.tensor(hashMask(x.size, { rate, seed: value, site }), x.shape, "float32"));
  }
  const run = (x: tf.Tensor, seed: tf.Tensor): tf.Tensor => runKernel(KERNELS.dropout, { x, seed }, { rate, site });
  const seedTensor = typeof seed === "number" ? tf.scalar(seed, "int32") : seed;
  return customGrad(
    [x],
    () => ({ value: run(x, seedTensor), saved: [seedTensor] }),
    // The mask multiplies, so the same mask, made again instead of kept, multiplies the gradient.
    (dy, [seed]) => [run(dy, seed as tf.Tensor)],
  );
}

/** Mixes all bits of a 32-bit integer (the finaliser of MurmurHash3, A. Appleby). */
function mix(bits: number): number {
  let h = bits ^ (bits >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashMask(n: number, { rate, seed, site }: { rate: number; seed: number; site: number }): Float32Array {
  const key = mix(mix(seed) + Math.imul(site + 1, 0x9e3779b9));
  const threshold = rate * 2 ** 32;
  const scale = 1 / (1 - rate);
  const mask = new Float32Array(n);
  for (let i = 0; i < n; i++) if (mix(key + Math.imul(i, 0x9e3779b1)) >>> 0 >= threshold) mask[i] = scale;
  return mask;
}
