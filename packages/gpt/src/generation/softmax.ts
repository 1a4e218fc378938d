// Index loops: these run over the whole vocabulary for every token, and iterators are several times slower.

/** Numbers below −40 add nothing to a sum in which one is 1. */
const LOWEST = -40;
const STEPS = 64;
/** e^(−i/64). */
const POWERS = Float64Array.from({ length: 1 - LOWEST * STEPS }, (_, i) => Math.exp(-i / STEPS));

/**
 * log Σ exp(logits), to 9 digits. e^x is e^(−i/64) from a table times the series of the rest, which takes half the time of
 * `Math.exp`: it is asked for the whole vocabulary at every token.
 */
export function logSumExp(logits: Float32Array): number {
  const max = largest(logits);
  let sum = 0;
  for (let n = 0; n < logits.length; n++) {
    const x = (logits[n] as number) - max;
    if (x < LOWEST) continue;
    const i = (0.5 - x * STEPS) | 0;
    const rest = x + i / STEPS;
    sum += (POWERS[i] as number) * (1 + rest * (1 + rest * (1 / 2 + rest / 6)));
  }
  return max + Math.log(sum);
}

/** Probabilities of logits, float32 as PyTorch's are. A logit of −Infinity has probability 0. */
export function probabilities(logits: Float32Array): Float32Array {
  const max = largest(logits);
  const result = new Float32Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit === Number.NEGATIVE_INFINITY) continue;
    const value = Math.exp(logit - max);
    result[i] = value;
    sum += value;
  }
  for (let i = 0; i < result.length; i++) result[i] = (result[i] as number) / sum;
  return result;
}

export function largest(values: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > max) max = values[i] as number;
  return max;
}
