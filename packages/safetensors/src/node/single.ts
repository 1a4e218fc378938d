import { openRandomAccess, type SafetensorsFile } from "../random-access.ts";
import { openToRead, readExactly } from "./file.ts";

/** Opens one `.safetensors` file. */
export async function openSingle(path: string): Promise<SafetensorsFile> {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    return await openRandomAccess({
      name: path,
      size,
      // Its own memory, not zeroed: every byte is read or this throws.
      read: (start, length, into = Buffer.allocUnsafeSlow(length)) => readExactly(handle, path, start, into),
      close: () => handle.close(),
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}
