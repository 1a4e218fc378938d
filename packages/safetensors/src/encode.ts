import { byteLength, isDtype, type Dtype } from "./dtype.ts";
import { SafetensorsError } from "./errors.ts";
import { LENGTH_BYTES, MAX_HEADER_BYTES } from "./header.ts";

/** One tensor to write. `data` is asked for when its turn comes, so that only one tensor is in memory. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: () => Uint8Array | Promise<Uint8Array>;
}

/**
 * A safetensors file, piece by piece: the header, then each tensor in the order of `entries`.
 *
 * @throws {SafetensorsError} `ENTRY_INVALID` for a repeated or reserved name or data of the wrong length
 * @example
 * const entries = [{ name: "w", dtype: "F32", shape: [2], data: () => fromFloat32(Float32Array.of(1, 2), "F32") }];
 * for await (const chunk of encodeSafetensors(entries)) out.write(chunk);
 */
export async function* encodeSafetensors(
  entries: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  yield encodeHeader(entries, metadata);
  for (const { name, dtype, shape, data } of entries) {
    const bytes = await data();
    if (bytes.length !== byteLength(dtype, shape)) {
      throw new SafetensorsError(
        "ENTRY_INVALID",
        `Tensor "${name}": ${dtype} of shape [${shape.join(", ")}] takes ${byteLength(dtype, shape)} bytes, data() gave ${bytes.length}.`,
      );
    }
    yield bytes;
  }
}

function encodeHeader(entries: readonly TensorEntry[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const fields = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) fields.set("__metadata__", metadata);
  let position = 0;
  for (const { name, dtype, shape } of entries) {
    if (name === "__metadata__" || fields.has(name)) {
      throw new SafetensorsError("ENTRY_INVALID", `Tensor name "${name}" is reserved or given twice; rename it.`);
    }
    if (!isDtype(dtype)) throw new SafetensorsError("UNKNOWN_DTYPE", `Tensor "${name}": dtype ${String(dtype)}.`);
    const end = position + byteLength(dtype, shape);
    fields.set(name, { dtype, shape, data_offsets: [position, end] });
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const length = Math.ceil(json.length / 8) * 8; // padded with spaces so that the data begins on a multiple of 8
  if (length > MAX_HEADER_BYTES) {
    throw new SafetensorsError(
      "HEADER_TOO_LARGE",
      `A header of ${length} bytes is over the limit ${MAX_HEADER_BYTES}.`,
    );
  }
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}
