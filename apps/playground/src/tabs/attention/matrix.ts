import type { Attention } from "../../engine/protocol.ts";

/** The weights (t, t) of one head: row = query, column = key. A layer or head beyond the model's is its last. */
export function headOf({ weights, heads, tokens }: Attention, layer: number, head: number): Float32Array {
  const size = tokens.length ** 2;
  const place = Math.min(head, heads - 1) * size;
  return weights[Math.min(layer, weights.length - 1)]!.subarray(place, place + size);
}
