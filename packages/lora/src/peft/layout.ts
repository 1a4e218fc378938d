import type { LoRALayer } from "../lora-layer.ts";

/** PEFT's two matrices: A [rank, in] and B [out, rank], and the scale of their product. */
export interface PeftMatrices {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly rank: number;
  readonly inDim: number;
  readonly outDim: number;
  readonly scale: number;
}

/** Transposed, as PEFT keeps them. */
export async function toPeftMatrices(lora: LoRALayer): Promise<PeftMatrices> {
  const [inDim, rank] = lora.A.shape as [number, number];
  const outDim = lora.B.shape[1] as number;
  const a = transpose(await lora.A.data<"float32">(), inDim, rank);
  const b = transpose(await lora.B.data<"float32">(), rank, outDim);
  return { a, b, rank, inDim, outDim, scale: lora.scale };
}

/**
 * Query, key and value as one layer, three times as wide. Where they share A, as PEFT's own adapters do, so does the
 * result; else it is [Aq; Ak; Av] with B block by block, of three times the rank.
 */
export function mergeParts(parts: readonly (PeftMatrices | undefined)[]): PeftMatrices {
  const present = parts.filter((part) => part !== undefined);
  const [first] = present as [PeftMatrices];
  const shared = present.every((part) => equal(part.a, first.a));
  const rank = shared ? first.rank : present.reduce((sum, part) => sum + part.rank, 0);
  const { inDim, outDim, scale } = first;
  const a = shared ? first.a : concatenate(present.map((part) => part.a));
  const b = new Float32Array(parts.length * outDim * rank);
  let column = 0;
  for (const [i, part] of parts.entries()) {
    if (part === undefined) continue;
    for (let row = 0; row < outDim; row++) {
      const values = part.b.subarray(row * part.rank, (row + 1) * part.rank);
      b.set(
        values.map((value) => value * (part.scale / scale)),
        (i * outDim + row) * rank + column,
      );
    }
    if (!shared) column += part.rank;
  }
  return { a, b, rank, inDim, outDim: parts.length * outDim, scale };
}

/** The rows of a wide layer's B that belong to part `part` of three; A is every part's. */
export function takePart(matrices: PeftMatrices, part: 0 | 1 | 2 | undefined): PeftMatrices {
  if (part === undefined) return matrices;
  const outDim = matrices.outDim / 3;
  const size = outDim * matrices.rank;
  return { ...matrices, outDim, b: matrices.b.subarray(part * size, (part + 1) * size) };
}

/** Row by row [rows, columns] → [columns, rows]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return transposed;
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function concatenate(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const array of arrays) {
    all.set(array, offset);
    offset += array.length;
  }
  return all;
}
