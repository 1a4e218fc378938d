import { extname, join } from "node:path";
import { splitData } from "@scratch-llm/finetune-instruct";
import { Generator } from "@scratch-llm/nn";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import type { Context } from "../flags.ts";
import { fill } from "../messages/messages.ts";
import { readText } from "../text-data.ts";
import { formatEntries, parseTableOrEntries } from "../tuning/data-file.ts";

/** The flags of `data split`. */
export interface DataSplitFlags {
  readonly train: number;
  readonly test: number;
  readonly seed?: number;
  readonly out: string;
}

/** `scratch-llm data split FILE`: train, test and validation files, in the order of the file as the book, or shuffled. */
export async function dataSplit(path: string, flags: DataSplitFlags, { output, messages }: Context): Promise<void> {
  const { columns, rows } = parseTableOrEntries(await readText(path));
  const ordered = flags.seed === undefined ? rows : shuffled(rows, flags.seed);
  const parts = splitData(ordered, { train: flags.train, test: flags.test });
  const extension = extname(path) || ".json";
  const files: Record<string, string> = {};
  for (const name of ["train", "val", "test"] as const) {
    files[name] = join(flags.out, `${name}${extension}`);
    await writeFileAtomic(files[name], formatEntries({ columns, rows: parts[name] }, extension));
    output.result(fill(messages.data.part, { path: files[name], count: parts[name].length }));
  }
  const counts = { train: parts.train.length, val: parts.val.length, test: parts.test.length };
  output.event({ type: "done", files, counts });
}

function shuffled<T>(rows: readonly T[], seed: number): T[] {
  return Array.from(new Generator(seed).randperm(rows.length), (i) => rows[i] as T);
}
