import type { GPTConfig } from "@scratch-llm/gpt";
import * as tf from "@tensorflow/tfjs";
import { FORMATS, type TensorRow, type WeightFormat } from "./names.ts";

/** Shape of a tensor in our model: matrices are [out, in]. */
export function ourShape({ shape }: TensorRow, config: GPTConfig): number[] {
  const { vocabSize: v, contextLength: t, embDim: e } = config;
  const sizes: Readonly<Record<string, number>> = { v, t, e, "4e": 4 * e };
  return shape.split(/[,×]/).map((letter) => sizes[letter]!);
}

/** Shape of the tensor that holds it in a file of this format. */
export function theirShape(row: TensorRow, config: GPTConfig, format: WeightFormat): number[] {
  const { matrix, merged } = FORMATS[format];
  const [out, input] = ourShape(row, config) as [number, number?];
  const wide = merged && row.part !== undefined ? 3 * out : out;
  if (input === undefined) return [wide];
  if (!isMatrix(row) || matrix === "out,in") return [wide, input];
  return matrix === "1,in,out" ? [1, input, wide] : [input, wide];
}

/**
 * Takes our tensors out of the one that holds them in a file of this format. The backend turns the matrices round: it does
 * so on all cores.
 */
export function takeTensors(
  theirs: tf.Tensor1D,
  rows: readonly TensorRow[],
  config: GPTConfig,
  format: WeightFormat,
): tf.Tensor[] {
  return tf.tidy(() => {
    const [first] = rows as [TensorRow];
    const inputs = ourShape(first, config)[1] ?? 1;
    const turned = isSameLayout(first, format)
      ? theirs.reshape([theirs.size / inputs, inputs])
      : theirs.reshape([inputs, theirs.size / inputs]).transpose(); // (outputs of all, inputs)
    return rows.map((row) => {
      const shape = ourShape(row, config);
      const [outputs] = shape as [number];
      return turned.slice([partOf(row, format) * outputs], [outputs]).reshape(shape);
    });
  });
}

/** Which part of the tensor in a file our tensor is. */
function partOf({ part = 0 }: TensorRow, format: WeightFormat): number {
  return FORMATS[format].merged ? part : 0;
}

/** Puts our tensor into `values`, the one that holds it in a file of this format. Undoes {@link takeTensors}. */
export function putTensor(
  values: Float32Array,
  ours: Float32Array,
  row: TensorRow,
  config: GPTConfig,
  format: WeightFormat,
): void {
  const part = partOf(row, format);
  if (isSameLayout(row, format)) {
    values.set(ours, part * ours.length);
    return;
  }
  const [out, input] = ourShape(row, config) as [number, number];
  transpose(ours, { rows: out, columns: input }, values.subarray(part * out), values.length / input);
}

/** Whether a file of this format keeps the tensor's numbers in our order. */
export function isSameLayout(row: TensorRow, format: WeightFormat): boolean {
  return !isMatrix(row) || FORMATS[format].matrix === "out,in";
}

/** Whether GPT-2's own code has this tensor as a "Conv1D", whose weight is [in, out]. */
function isMatrix(row: TensorRow): boolean {
  return row.shape.includes("×");
}

/** In squares of 32 × 32, which stay in the processor's cache: several times faster than line by line. */
function transpose(
  from: Float32Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  to: Float32Array,
  toWidth: number,
): void {
  const TILE = 32;
  for (let r0 = 0; r0 < rows; r0 += TILE) {
    const r1 = Math.min(r0 + TILE, rows);
    for (let c0 = 0; c0 < columns; c0 += TILE) {
      const c1 = Math.min(c0 + TILE, columns);
      for (let c = c0; c < c1; c++) {
        for (let r = r0; r < r1; r++) to[c * toWidth + r] = from[r * columns + c]!;
      }
    }
  }
}
