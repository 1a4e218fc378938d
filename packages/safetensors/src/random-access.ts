import { SafetensorsError } from "./errors.ts";
import { headerLength, LENGTH_BYTES, parseHeader, type Header, type TensorInfo } from "./header.ts";

/** A tensor's description with its bytes. */
export interface TensorBytes {
  readonly info: TensorInfo;
  readonly bytes: Uint8Array;
}

/** An open safetensors file, or several that an index joins. Close it. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads one tensor, into memory of its size where that is given; a `Blob` gives new memory all the same.
   * @throws {SafetensorsError} `UNKNOWN_TENSOR`, `READ_FAILED`, or `SIZE_MISMATCH` for memory of another size
   */
  read(name: string, into?: Uint8Array): Promise<TensorBytes>;
  close(): Promise<void>;
}

/** Bytes that can be read from anywhere: a file on a disk, or one that a browser keeps. */
export interface RandomAccess {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** `length` bytes from `start` on, in `into` where that is given and can be read to. */
  readonly read: (start: number, length: number, into?: Uint8Array) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Reads the header of a safetensors file, and its tensors when they are asked for. */
export async function openRandomAccess({ name, size, read, close }: RandomAccess): Promise<SafetensorsFile> {
  const header = await readHeader(name, size, read);
  return {
    tensors: header.tensors,
    metadata: header.metadata,
    async read(tensor, into) {
      const info = header.tensors.get(tensor);
      if (info === undefined) throw new SafetensorsError("UNKNOWN_TENSOR", `${name} has no tensor "${tensor}".`);
      const length = info.end - info.start;
      if (into !== undefined && into.length !== length)
        throw new SafetensorsError("SIZE_MISMATCH", `"${tensor}" has ${length} bytes, its memory ${into.length}.`);
      return { info, bytes: await read(info.start, length, into) };
    },
    close,
  };
}

/**
 * Opens a safetensors file that a browser holds as a `Blob`, one that was dropped on a page or lies in its storage. Nothing
 * but the header is read before it is asked for.
 *
 * @param name for messages
 * @throws {SafetensorsError} when the header is not in order
 * @example
 * const file = await openSafetensorsBlob(blob, "model.safetensors");
 * const { bytes } = await file.read("wte.weight");
 */
export function openSafetensorsBlob(blob: Blob, name: string): Promise<SafetensorsFile> {
  const read = async (start: number, length: number): Promise<Uint8Array> => {
    try {
      return new Uint8Array(await blob.slice(start, start + length).arrayBuffer());
    } catch (cause) {
      throw new SafetensorsError("READ_FAILED", `Cannot read ${name}; was it moved or changed? Choose it again.`, {
        cause,
      });
    }
  };
  return openRandomAccess({ name, size: blob.size, read, close: () => Promise.resolve() });
}

async function readHeader(name: string, size: number, read: RandomAccess["read"]): Promise<Header> {
  try {
    const length = headerLength(await read(0, Math.min(LENGTH_BYTES, size)), size);
    return parseHeader(await read(0, LENGTH_BYTES + length), size);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    throw new SafetensorsError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}
