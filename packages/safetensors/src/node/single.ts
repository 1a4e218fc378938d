import { openRandomAccess, type SafetensorsFile } from "../random-access.ts";
import { openToRead, readExactly } from "./file.ts";

/** Opens one `.safetensors` file. */
export async function openSingle(path: string): Promise<SafetensorsFile> {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    const read = (start: number, length: number): Promise<Uint8Array> => readExactly(handle, path, start, length);
    return await openRandomAccess({ name: path, size, read, close: () => handle.close() });
  } catch (error) {
    await handle.close();
    throw error;
  }
}
