import { byteLength, fromFloat32, parseHeader, type SafetensorsFile, toFloat32 } from "@scratch-llm/safetensors";

/** Named tensors that can be read one at a time, wherever they lie. */
export interface WeightSource {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** The tensor's numbers as 32-bit floats. */
  read(name: string): Promise<Float32Array>;
  /** The tensor's numbers, where the source can, in `into` or in new memory. */
  readInto?(name: string, into: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * The tensors of a safetensors file that is in memory, as a page has it after a download.
 *
 * @throws {SafetensorsError} when the header is not in order
 * @example
 * const source = sourceFromBytes(new Uint8Array(await file.arrayBuffer()));
 */
export function sourceFromBytes(bytes: Uint8Array): WeightSource {
  const { tensors } = parseHeader(bytes, bytes.length);
  return {
    tensors,
    async read(name) {
      const { start, end, dtype } = tensors.get(name)!;
      return toFloat32(bytes.subarray(start, end), dtype);
    },
    close: () => Promise.resolve(),
  };
}

/**
 * The tensors of an open safetensors file, which `close` closes.
 *
 * @example
 * const source = sourceFromFile(await openSafetensors("model.safetensors"));
 */
export function sourceFromFile(file: SafetensorsFile): WeightSource {
  return {
    tensors: file.tensors,
    async read(name) {
      const { info, bytes } = await file.read(name);
      return toFloat32(bytes, info.dtype);
    },
    async readInto(name, into) {
      const { dtype } = file.tensors.get(name)!;
      const memory = dtype === "F32" ? fromFloat32(into, "F32") : new Uint8Array(byteLength(dtype, [into.length]));
      const { bytes } = await file.read(name, memory);
      return toFloat32(bytes, dtype);
    },
    close: () => file.close(),
  };
}
