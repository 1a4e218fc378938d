import { open, type FileHandle } from "node:fs/promises";
import { SafetensorsError } from "../errors.ts";

/** What one call to the operating system reads at most. */
const PART_BYTES = 1 << 25;

/** Opens a file to read. @throws {SafetensorsError} `READ_FAILED` */
export async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SafetensorsError("READ_FAILED", `Cannot open ${path} (${code}); check the path.`, { cause });
  }
}

/**
 * Fills `bytes` from `position` on, several parts at the same time: several cores copy sooner than one.
 *
 * @throws {SafetensorsError} `READ_FAILED` when the file ends before
 */
export async function readExactly(
  handle: FileHandle,
  path: string,
  position: number,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const starts = Array.from({ length: Math.ceil(bytes.length / PART_BYTES) }, (_, i) => i * PART_BYTES);
  await Promise.all(
    starts.map((start) => readPart(handle, path, position + start, bytes.subarray(start, start + PART_BYTES))),
  );
  return bytes;
}

async function readPart(handle: FileHandle, path: string, position: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await readSome(handle, path, bytes.subarray(done), position + done);
    if (bytesRead === 0) {
      throw new SafetensorsError(
        "READ_FAILED",
        `${path} ends at byte ${position + done}: it changed while it was read.`,
      );
    }
    done += bytesRead;
  }
}

async function readSome(
  handle: FileHandle,
  path: string,
  into: Uint8Array,
  position: number,
): Promise<{ bytesRead: number }> {
  try {
    return await handle.read(into, 0, into.length, position);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SafetensorsError("READ_FAILED", `Cannot read ${path} (${code}); check that it is a file.`, { cause });
  }
}
