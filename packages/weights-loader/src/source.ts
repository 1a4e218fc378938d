import { fromFloat32, parseHeader, type SafetensorsFile, toFloat32 } from "@scratch-llm/safetensors";

/** Named tensors that can be read one at a time, wherever they lie. */
export interface WeightSource {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** The tensor's numbers as 32-bit floats: in `memory`, which is as long, where the source can read to it, else in new one. */
  read(name: string, memory?: () => Float32Array): Promise<Float32Array>;
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
    async read(name, memory) {
      const into = file.tensors.get(name)?.dtype === "F32" ? memory?.() : undefined; // others become floats elsewhere
      const { info, bytes } = await file.read(name, into && fromFloat32(into, "F32"));
      return toFloat32(bytes, info.dtype);
    },
    close: () => file.close(),
  };
}
