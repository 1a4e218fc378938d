import { openSharded } from "./sharded.ts";
import type { SafetensorsFile } from "../random-access.ts";
import { openSingle } from "./single.ts";

/**
 * Opens a `.safetensors` file, or the shards that a `*.safetensors.index.json` names, and checks every header.
 * Tensors are read one by one, when asked for.
 *
 * @throws {SafetensorsError} with a code for what is wrong
 * @example
 * const file = await openSafetensors("model.safetensors");
 * const { info, bytes } = await file.read("wte.weight");
 * const values = toFloat32(bytes, info.dtype);
 * await file.close();
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  return path.endsWith(".json") ? openSharded(path) : openSingle(path);
}
