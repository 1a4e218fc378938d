// Index loops: these run over the whole vocabulary for every token, and iterators are several times slower.

/** log Σ exp(logits), in double precision. */
export function logSumExp(logits: Float32Array): number {
  const max = largest(logits);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) - max);
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

function largest(values: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > max) max = values[i] as number;
  return max;
}
