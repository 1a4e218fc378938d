import { WeightsError } from "./errors.ts";

/** The object in a JSON file's text. @throws {WeightsError} `CONFIG_INVALID` naming the file */
export function parseObject(text: string, file: string): object {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new WeightsError("CONFIG_INVALID", `${file} is not JSON.`, { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new WeightsError("CONFIG_INVALID", `${file} is JSON but holds no object.`);
  }
  return json;
}
