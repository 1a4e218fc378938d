import { fromFloat32, toFloat32 } from "@scratch-llm/safetensors";
import type { TensorType } from "../proto/messages.ts";

/** Weights that share a scale in `MatMulNBits`. */
export const BLOCK = 32;

/** A tensor as it is stored, without its bytes. */
interface StoredForm {
  /** Follows the parameter's name. */
  readonly suffix: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
}

/** A parameter's numbers as bytes, one array per stored tensor. */
interface Encoded {
  readonly bytes: readonly Uint8Array[];
  /** Sum over the weights of (stored − exact)². */
  readonly squaredError: number;
}

/** A way to store a parameter, a matrix [out, in] or a vector. */
export interface Encoding {
  /** What is stored for a parameter of this shape. */
  forms(shape: readonly number[]): StoredForm[];
  encode(values: Float32Array, shape: readonly number[]): Encoded;
}

/** As it is. */
export const FLOAT: Encoding = {
  forms: (shape) => [{ suffix: "", type: "float32", shape }],
  encode: (values) => ({ bytes: [fromFloat32(values, "F32")], squaredError: 0 }),
};

/** 16-bit floats, rounded to nearest. */
export const HALF: Encoding = {
  forms: (shape) => [{ suffix: ".f16", type: "float16", shape }],
  encode(values) {
    const bytes = fromFloat32(values, "F16");
    const stored = toFloat32(bytes, "F16");
    return { bytes: [bytes], squaredError: sumSquares(values.length, (i) => stored[i]! - values[i]!) };
  },
};

/**
 * Blocks of 32 weights along the inputs with one scale each, as `MatMulNBits` reads them: codes [out, blocks, bytes] of 8
 * bits, or of 4 with the first in the low half of its byte; the code of zero is the middle one. The weight of largest
 * magnitude gets the lowest code, which has no counterpart above, so that no code is wasted.
 */
export const blocks = (bits: 8 | 4): Encoding => {
  const zero = 2 ** (bits - 1);
  const blockBytes = (BLOCK * bits) / 8;
  return {
    forms: ([out, input]) => {
      const perRow = Math.ceil(input! / BLOCK);
      return [
        { suffix: `.q${bits}`, type: "uint8", shape: [out!, perRow, blockBytes] },
        { suffix: `.q${bits}.scale`, type: "float32", shape: [out!, perRow] },
      ];
    },
    encode(values, [out, input]) {
      const perRow = Math.ceil(input! / BLOCK);
      const codes = new Uint8Array(out! * perRow * blockBytes);
      const scales = new Float32Array(out! * perRow);
      let squaredError = 0;
      for (let block = 0; block < scales.length; block++) {
        const row = Math.floor(block / perRow);
        const start = row * input! + (block % perRow) * BLOCK;
        const end = Math.min(start + BLOCK, (row + 1) * input!);
        const scale = Math.fround(extreme(values, start, end) / -zero);
        scales[block] = scale;
        for (let i = start; i < end; i++) {
          const code = scale === 0 ? 0 : clamp(Math.round(values[i]! / scale), -zero, zero - 1);
          squaredError += (code * scale - values[i]!) ** 2;
          const place = i - start;
          const byte = block * blockBytes + (bits === 8 ? place : place >> 1);
          codes[byte]! |= (code + zero) << (bits === 4 && place % 2 === 1 ? 4 : 0);
        }
      }
      return { bytes: [codes, bytesOf(scales)], squaredError };
    },
  };
};

/**
 * 7 bits, −64 to 64, and a scale per output: codes [in, out] for `MatMulInteger`. Processors without VNNI add pairs of products
 * with 8-bit activations in 16 bits, where 8-bit weights would overflow and give wrong sums.
 */
export const CHANNELS: Encoding = {
  forms: ([out, input]) => [
    { suffix: ".i8", type: "int8", shape: [input!, out!] },
    { suffix: ".i8.scale", type: "float32", shape: [out!] },
  ],
  encode: (values, [out, input]) => scaledRows(values, out!, input!, { limit: 64, isTransposed: true }),
};

/** 8 bits and a scale per row: an embedding whose rows are picked. */
export const ROWS: Encoding = {
  forms: ([rows, width]) => [
    { suffix: ".i8", type: "int8", shape: [rows!, width!] },
    { suffix: ".i8.scale", type: "float32", shape: [rows!, 1] },
  ],
  encode: (values, [rows, width]) => scaledRows(values, rows!, width!, { limit: 127, isTransposed: false }),
};

function scaledRows(
  values: Float32Array,
  rows: number,
  width: number,
  { limit, isTransposed }: { readonly limit: number; readonly isTransposed: boolean },
): Encoded {
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  let squaredError = 0;
  for (let row = 0; row < rows; row++) {
    const scale = Math.fround(Math.abs(extreme(values, row * width, (row + 1) * width)) / limit);
    scales[row] = scale;
    for (let i = 0; i < width; i++) {
      const value = values[row * width + i]!;
      const code = scale === 0 ? 0 : Math.round(value / scale);
      squaredError += (code * scale - value) ** 2;
      codes[isTransposed ? i * rows + row : row * width + i] = code;
    }
  }
  return { bytes: [bytesOf(codes), bytesOf(scales)], squaredError };
}

/** The number of largest magnitude, with its sign. */
function extreme(values: Float32Array, start: number, end: number): number {
  let found = 0;
  for (let i = start; i < end; i++) if (Math.abs(values[i]!) > Math.abs(found)) found = values[i]!;
  return found;
}

function sumSquares(count: number, difference: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += difference(i) ** 2;
  return sum;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
