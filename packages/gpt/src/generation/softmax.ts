/** log Σ exp(logits), in double precision. */
export function logSumExp(logits: Float32Array): number {
  const max = largest(logits);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  return max + Math.log(sum);
}

/** Probabilities of logits, float32 as PyTorch's are. A logit of −Infinity has probability 0. */
export function probabilities(logits: Float32Array): Float32Array {
  const max = largest(logits);
  const result = new Float32Array(logits.length);
  let sum = 0;
  for (const [i, logit] of logits.entries()) {
    const value = Math.exp(logit - max);
    result[i] = value;
    sum += value;
  }
  for (const [i, value] of result.entries()) result[i] = value / sum;
  return result;
}

function largest(values: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > max) max = value;
  return max;
}
