import { SafetensorsError } from "./errors.ts";

/** Bits per element of every dtype that the safetensors format names. */
const DTYPE_BITS = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
  C64: 64,
  F8_E4M3: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
} as const;

/** Element type of a tensor, spelled as in the file. */
export type Dtype = keyof typeof DTYPE_BITS;

/** Whether `value` is a dtype of the format. */
export function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(DTYPE_BITS, value);
}

/**
 * Bytes that a tensor of this dtype and shape takes.
 *
 * @throws {SafetensorsError} `SIZE_MISMATCH` when the size is no safe integer or no whole number of bytes
 * @example byteLength("F16", [2, 3]); // 12
 */
export function byteLength(dtype: Dtype, shape: readonly number[]): number {
  let elements = 1;
  for (const size of shape) {
    elements *= size;
    // checked at every step: a later 0 must not hide an overflow
    if (!Number.isSafeInteger(elements)) {
      throw new SafetensorsError(
        "SIZE_MISMATCH",
        `Shape [${shape.join(", ")}] has more elements than any file can hold.`,
      );
    }
  }
  const bits = elements * DTYPE_BITS[dtype];
  if (!Number.isSafeInteger(bits) || bits % 8 !== 0) {
    throw new SafetensorsError(
      "SIZE_MISMATCH",
      `${dtype} tensor of shape [${shape.join(", ")}] takes ${bits} bits, which is no whole number of bytes.`,
    );
  }
  return bits / 8;
}
