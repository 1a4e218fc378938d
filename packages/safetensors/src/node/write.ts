import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { encodeSafetensors, type TensorEntry } from "../encode.ts";
import { SafetensorsError } from "../errors.ts";

/** What one call to the operating system may write at most; Node refuses 2 GiB and more. */
const MAX_WRITE = 1 << 30;

/**
 * Writes a safetensors file, tensor by tensor, so that a reader finds the whole file or the one before it.
 *
 * @throws {SafetensorsError} `WRITE_FAILED` when the folder or disk does not take it, `ENTRY_INVALID` for a bad entry
 * @example
 * await writeSafetensors("model.safetensors", [
 *   { name: "w", dtype: "F32", shape: [2], data: () => fromFloat32(Float32Array.of(1, 2), "F32") },
 * ]);
 */
export async function writeSafetensors(
  path: string,
  entries: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(entries, metadata));
}

/**
 * Writes a file under a temporary name in the same folder, which is made where it is not there, brings it to the disk, and only
 * then gives it its name. On any error the temporary file is removed and what was at `path` stays.
 *
 * @throws {SafetensorsError} `WRITE_FAILED`; an error of `chunks` itself passes through
 */
export async function writeFileAtomic(
  path: string,
  chunks: string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, "wx");
    try {
      for await (const chunk of typeof chunks === "string" ? [new TextEncoder().encode(chunks)] : chunks) {
        await writeAll(handle, chunk);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw wrap(path, error);
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a folder, and those that it lies in, where it is not there.
 *
 * @throws {SafetensorsError} `WRITE_FAILED`
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SafetensorsError("WRITE_FAILED", `Cannot make the folder ${path} (${code}); choose another.`, { cause });
  }
}

/** Not `mkdir`'s own `recursive`, which in Node never ends where a folder takes no folders, as /proc. */
async function makeFolders(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makeFolders(dirname(path));
  await mkdir(path).catch(async (error: unknown) => {
    if (!(await isFolder(path))) throw error; // another process was not quicker
  });
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, MAX_WRITE));
    done += bytesWritten;
  }
}

/** Brings a rename in a folder to the disk. Windows cannot open folders and needs no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function wrap(path: string, error: unknown): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined || error instanceof SafetensorsError) return error;
  const full = code === "ENOSPC" || code === "EFBIG" || code === "EDQUOT";
  const remedy = full ? "free some space" : "choose another place";
  return new SafetensorsError("WRITE_FAILED", `Cannot write ${path} (${code}); ${remedy}.`, { cause: error });
}
