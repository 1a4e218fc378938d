import type { Dtype } from "./dtype.ts";
import { SafetensorsError } from "./errors.ts";
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half.ts";

// Typed arrays read the machine's byte order. Every machine that runs TensorFlow.js is little-endian, as the format is.

/**
 * The numbers of a tensor as 32-bit floats. F16 and BF16 are exact; F64 and wide integers are rounded to nearest.
 * F32 bytes that begin on a 4-byte boundary are viewed, not copied.
 *
 * @throws {SafetensorsError} `UNSUPPORTED_DTYPE` for the 4-, 6- and 8-bit floats and complex numbers
 * @example toFloat32(bytes.subarray(info.start, info.end), info.dtype);
 */
export function toFloat32(bytes: Uint8Array, dtype: Dtype): Float32Array {
  switch (dtype) {
    case "F32":
      return view(Float32Array, bytes);
    case "F16":
      return float16ToFloat32(view(Uint16Array, bytes));
    case "BF16":
      return bfloat16ToFloat32(view(Uint16Array, bytes));
    case "F64":
      return Float32Array.from(view(Float64Array, bytes));
    case "I64":
      return Float32Array.from(view(BigInt64Array, bytes), Number);
    case "U64":
      return Float32Array.from(view(BigUint64Array, bytes), Number);
    case "I32":
      return Float32Array.from(view(Int32Array, bytes));
    case "U32":
      return Float32Array.from(view(Uint32Array, bytes));
    case "I16":
      return Float32Array.from(view(Int16Array, bytes));
    case "U16":
      return Float32Array.from(view(Uint16Array, bytes));
    case "I8":
      return Float32Array.from(view(Int8Array, bytes));
    case "U8":
      return Float32Array.from(bytes);
    case "BOOL":
      return Float32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
    default:
      return unsupported(dtype);
  }
}

/** Dtypes that 32-bit floats can be written as. */
export type FloatDtype = "F32" | "F16" | "BF16";

/**
 * 32-bit floats as bytes of `dtype`; F16 and BF16 round to nearest, ties to even. F32 is viewed, not copied.
 *
 * @example fromFloat32(Float32Array.of(1, 2), "BF16"); // 4 bytes
 */
export function fromFloat32(values: Float32Array, dtype: FloatDtype): Uint8Array {
  switch (dtype) {
    case "F32":
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    case "F16":
      return new Uint8Array(float32ToFloat16(values).buffer);
    case "BF16":
      return new Uint8Array(float32ToBfloat16(values).buffer);
    default:
      return unsupported(dtype);
  }
}

interface ViewConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** The bytes seen as `Type`; copied only where they do not begin on the type's boundary. */
function view<T>(Type: ViewConstructor<T>, bytes: Uint8Array): T {
  const size = Type.BYTES_PER_ELEMENT;
  if (bytes.length % size !== 0) {
    throw new SafetensorsError("SIZE_MISMATCH", `${bytes.length} bytes are no whole number of ${size}-byte elements.`);
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes); // (a Buffer's slice() would share)
  return new Type(aligned.buffer, aligned.byteOffset, bytes.length / size);
}

function unsupported(dtype: string): never {
  throw new SafetensorsError(
    "UNSUPPORTED_DTYPE",
    `${dtype} cannot be converted to or from 32-bit floats here; convert the file to F32, F16 or BF16 first.`,
  );
}
