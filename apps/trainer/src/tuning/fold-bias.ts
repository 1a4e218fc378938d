/**
 * The shift of a normalization that stands before a linear layer, changed so that the layer needs no bias: of all vectors c with
 * W c = bias the shortest is added to it, Wᵀ (W Wᵀ)⁻¹ bias.
 *
 * @param weight W by rows, one per class, which must not depend on each other
 */
export function foldBias(weight: Float32Array, bias: Float32Array, shift: Float32Array): Float32Array {
  const [rows, width] = [bias.length, shift.length];
  const row = (i: number): Float32Array => weight.subarray(i * width, (i + 1) * width);
  const gram = Array.from({ length: rows }, (_, i) => [
    ...Array.from({ length: rows }, (__, j) => dot(row(i), row(j))),
    bias[i] as number,
  ]);
  const factors = solve(gram);
  return shift.map((value, k) => factors.reduce((sum, factor, i) => sum + factor * (row(i)[k] as number), value));
}

/** Gauss–Jordan elimination with the largest pivot; each row ends with its right-hand side. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    const pivot = rows.findIndex(
      (row, i) => i >= k && Math.abs(row[k]!) >= Math.max(...rows.slice(k).map((r) => Math.abs(r[k]!))),
    );
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = rows[i]![k]! / rows[k]![k]!;
      rows[i] = rows[i]!.map((value, j) => value - factor * rows[k]![j]!);
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
