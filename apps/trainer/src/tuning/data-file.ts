import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { formatRows, parseRows, type Rows } from "@scratch-llm/finetune-classifier";
import { parseEntries } from "@scratch-llm/finetune-instruct";
import { findDataset } from "../data/datasets.ts";
import { TrainerError } from "../errors.ts";
import { readText } from "../text-data.ts";

/** The three parts of a data set. */
export interface Parts<T> {
  readonly train: T;
  readonly val: T;
  readonly test: T;
}

/** A data set and where it came from, so that a resumed run can tell whether it has changed. */
export interface DataFile {
  /** Absolute path of a file or folder; undefined = a built-in set. */
  readonly file: string | undefined;
  readonly sha256: string;
  /** The text of the file, or of the three files of a folder that `data split` or `data prepare` wrote. */
  readonly content: string | Parts<string>;
}

/**
 * Reads a data set: a file, a folder with its parts, or a downloaded one by its name; without a path, the built-in set.
 * @throws {TrainerError} `DATA`
 */
export async function readDataFile(path: string | undefined, builtIn: URL): Promise<DataFile> {
  if (path === undefined) return hashed(undefined, await readFile(builtIn, "utf8"));
  const file = resolve(existsSync(path) ? path : ((await findDataset(path)) ?? path));
  const isFolder = (await stat(file).catch(() => undefined))?.isDirectory() === true;
  return hashed(file, isFolder ? await readParts(file) : await readText(file));
}

function hashed(file: string | undefined, content: string | Parts<string>): DataFile {
  const hash = createHash("sha256");
  if (typeof content === "string") hash.update(content);
  else for (const part of [content.train, content.val, content.test]) hash.update(part).update("\0");
  return { file, sha256: hash.digest("hex"), content };
}

/** Names of the parts' files; the second is how the book calls it. */
const PART_NAMES = { train: ["train"], val: ["val", "validation"], test: ["test"] } as const;

async function readParts(folder: string): Promise<Parts<string>> {
  const names = await readdir(folder);
  const read = async (part: keyof typeof PART_NAMES): Promise<string> => {
    const name = names.find((candidate) =>
      PART_NAMES[part].some((stem) => basename(candidate, extname(candidate)) === stem),
    );
    if (name !== undefined) return readText(join(folder, name));
    throw new TrainerError(
      "DATA",
      `${folder} has no file ${PART_NAMES[part].join(" or ")}. Give a file, or a folder that data split wrote.`,
    );
  };
  return { train: await read("train"), val: await read("val"), test: await read("test") };
}

/** Reads entries of any kind: JSON, JSON lines, CSV or TSV. Columns are those of all entries, in the file's order. */
export function parseTableOrEntries(text: string): Rows {
  if (!/^\s*[{[]/u.test(text)) return parseRows(text);
  const rows = parseEntries(text) as Record<string, unknown>[];
  return { columns: [...new Set(rows.flatMap((row) => Object.keys(row)))], rows };
}

/** A data set as a file: CSV, TSV, one object per line for `.jsonl`, else a JSON array. */
export function formatEntries({ columns, rows }: Rows, extension: string): string {
  if (extension === ".csv") return formatRows({ columns, rows }, ",");
  if (extension === ".tsv") return formatRows({ columns, rows }, "\t");
  if (extension === ".jsonl") return rows.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  return `${JSON.stringify(rows, null, 2)}\n`;
}
