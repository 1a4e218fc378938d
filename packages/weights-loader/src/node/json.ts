import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { WeightsError } from "../errors.ts";

/** The object in a JSON file. @throws {WeightsError} `READ_FAILED` or `CONFIG_INVALID` */
export async function readJson(path: string): Promise<object> {
  const text = await readText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new WeightsError("CONFIG_INVALID", `${path} is not JSON.`, { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new WeightsError("CONFIG_INVALID", `${path} is JSON but holds no object.`);
  }
  return json;
}

/** A text file. @throws {WeightsError} `READ_FAILED` */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new WeightsError("READ_FAILED", `Cannot read ${path} (${code}); a model folder has a ${basename(path)}.`, {
      cause,
    });
  }
}
