import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEntries } from "@scratch-llm/finetune-instruct";
import { readText } from "../text-data.ts";

/** A data set and where it came from, so that a resumed run can tell whether it has changed. */
export interface EntriesFile {
  /** Absolute path; undefined = a built-in set. */
  readonly file: string | undefined;
  readonly sha256: string;
  readonly entries: object[];
}

/**
 * Reads a JSON array or JSON lines; without a path, the built-in set.
 * @throws {TrainerError} `DATA`
 * @throws {InstructionDataError}
 */
export async function readEntries(path: string | undefined, builtIn: URL): Promise<EntriesFile> {
  const file = path === undefined ? undefined : resolve(path);
  const text = file === undefined ? await readFile(builtIn, "utf8") : await readText(file);
  const entries = parseEntries(text) as object[];
  return { file, sha256: createHash("sha256").update(text).digest("hex"), entries };
}

/** A data set as a file: one object per line for `.jsonl`, else a JSON array. */
export function writeEntries(entries: readonly object[], extension: string): string {
  if (extension === ".jsonl") return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  return `${JSON.stringify(entries, null, 2)}\n`;
}
