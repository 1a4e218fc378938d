import type { Attention } from "../../engine/protocol.ts";

/** What was looked at, and with which mask. */
export interface Looked extends Attention {
  readonly causal: boolean;
}

/** The weights (t, t) of one head: row = query, column = key. A layer or head beyond the model's is its last. */
export function headOf({ weights, heads, tokens }: Attention, layer: number, head: number): Float32Array {
  const size = tokens.length ** 2;
  const place = Math.min(head, heads - 1) * size;
  return weights[Math.min(layer, weights.length - 1)]!.subarray(place, place + size);
}

/** The same for a picture: what the causal mask hides is no value. */
export function pictured(weights: Float32Array, causal: boolean): Float32Array {
  if (!causal) return weights;
  const size = Math.sqrt(weights.length);
  return weights.map((weight, i) => (i % size > Math.floor(i / size) ? Number.NaN : weight));
}
