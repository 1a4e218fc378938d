import { open } from "node:fs/promises";
import { TrainerError } from "./errors.ts";

/** A text is held in memory whole; beyond this a corpus belongs in token shards. */
const MAX_TEXT_BYTES = 512 * 1024 * 1024;

/**
 * Reads a UTF-8 text.
 * @throws {TrainerError} `DATA` when it is missing, a folder, empty, too large, binary or not UTF-8.
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  if (bytes.length === 0) throw new TrainerError("DATA", `${path} is empty. Give a file with text in it.`);
  if (bytes.includes(0)) {
    throw new TrainerError("DATA", `${path} is a binary file (it holds NUL bytes). Give plain text in UTF-8.`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TrainerError(
      "DATA",
      `${path} is not valid UTF-8. Convert it first, for example: iconv -f GB18030 -t UTF-8 ${path}`,
      { cause },
    );
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw new TrainerError("DATA", `Cannot open the data file ${path}. Check the path and its permissions.`, { cause });
  });
  try {
    const info = await file.stat();
    if (info.isDirectory()) throw new TrainerError("DATA", `${path} is a folder. Name the text files in it.`);
    if (info.size > MAX_TEXT_BYTES) {
      throw new TrainerError(
        "DATA",
        `${path} has ${info.size} bytes; a text may have ${MAX_TEXT_BYTES}. Split it or use a part.`,
      );
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
