import type { FileHandle } from "node:fs/promises";
import { byteLength } from "../dtype.ts";
import { SafetensorsError } from "../errors.ts";
import { headerLength, LENGTH_BYTES, parseHeader, type Header, type TensorInfo } from "../header.ts";
import { openToRead, readExactly } from "./file.ts";

/** A tensor's description with its bytes. */
export interface TensorBytes {
  readonly info: TensorInfo;
  readonly bytes: Uint8Array;
}

/** Some of a tensor's elements, in the order of the file: `count` of them from the `start`th on. */
export interface TensorPart {
  readonly start: number;
  readonly count: number;
}

/** An open safetensors file, or several that an index joins. Close it. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads one tensor, or a part of a large one.
   * @throws {SafetensorsError} `UNKNOWN_TENSOR`, `READ_FAILED`, or `SIZE_MISMATCH` for a part that is not in the tensor
   */
  read(name: string, part?: TensorPart): Promise<TensorBytes>;
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
      async read(name, part) {
        const info = header.tensors.get(name);
        if (info === undefined) throw new SafetensorsError("UNKNOWN_TENSOR", `${path} has no tensor "${name}".`);
        const { start, length } = part === undefined ? wholeOf(info) : bytesOf(info, part);
        return { info, bytes: await readExactly(handle, path, start, length) };
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

function wholeOf({ start, end }: TensorInfo): { start: number; length: number } {
  return { start, length: end - start };
}

function bytesOf(info: TensorInfo, { start, count }: TensorPart): { start: number; length: number } {
  const elements = info.shape.reduce((a, b) => a * b, 1);
  const size = byteLength(info.dtype, [1]);
  const isInside = Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 0;
  if (isInside && start + count <= elements) return { start: info.start + start * size, length: count * size };
  throw new SafetensorsError(
    "SIZE_MISMATCH",
    `"${info.name}" has ${elements} elements; ${count} from the ${start}th on are not in it.`,
  );
}
