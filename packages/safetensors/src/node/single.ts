import type { FileHandle } from "node:fs/promises";
import { SafetensorsError } from "../errors.ts";
import { headerLength, LENGTH_BYTES, parseHeader, type Header, type TensorInfo } from "../header.ts";
import { openToRead, readExactly } from "./file.ts";

/** A tensor's description with its bytes. */
export interface TensorBytes {
  readonly info: TensorInfo;
  readonly bytes: Uint8Array;
}

/** An open safetensors file, or several that an index joins. Close it. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one tensor. @throws {SafetensorsError} `UNKNOWN_TENSOR` or `READ_FAILED` */
  read(name: string): Promise<TensorBytes>;
  close(): Promise<void>;
}

/** Opens one `.safetensors` file. */
export async function openSingle(path: string): Promise<SafetensorsFile> {
  const handle = await openToRead(path);
  try {
    const header = await readHeader(handle, path);
    return {
      tensors: header.tensors,
      metadata: header.metadata,
      async read(name) {
        const info = header.tensors.get(name);
        if (info === undefined) throw new SafetensorsError("UNKNOWN_TENSOR", `${path} has no tensor "${name}".`);
        return { info, bytes: await readExactly(handle, path, info.start, info.end - info.start) };
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readHeader(handle: FileHandle, path: string): Promise<Header> {
  const { size } = await handle.stat();
  try {
    const first = await readExactly(handle, path, 0, Math.min(LENGTH_BYTES, size));
    const length = headerLength(first, size);
    return parseHeader(await readExactly(handle, path, 0, LENGTH_BYTES + length), size);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    throw new SafetensorsError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
