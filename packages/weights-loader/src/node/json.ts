import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { WeightsError } from "../errors.ts";
import { parseObject } from "../json.ts";

/** The object in a JSON file. @throws {WeightsError} `READ_FAILED` or `CONFIG_INVALID` */
export async function readJson(path: string): Promise<object> {
  return parseObject(await readText(path), path);
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
