import { extname, join } from "node:path";
import { parseEntries, splitData } from "@scratch-llm/finetune-instruct";
import { Generator } from "@scratch-llm/nn";
import type { Context } from "../flags.ts";
import { fill } from "../messages/messages.ts";
import { writeWhole } from "../run-folder.ts";
import { readText } from "../text-data.ts";
import { writeEntries } from "../tuning/entries-file.ts";

/** The flags of `data split`. */
export interface DataSplitFlags {
  readonly train: number;
  readonly test: number;
  readonly seed?: number;
  readonly out: string;
}

/** `scratch-llm data split FILE`: train, test and validation files, in the order of the file as the book, or shuffled. */
export async function dataSplit(path: string, flags: DataSplitFlags, { output, messages }: Context): Promise<void> {
  const entries = parseEntries(await readText(path)) as object[];
  const ordered = flags.seed === undefined ? entries : shuffled(entries, flags.seed);
  const parts = splitData(ordered, { train: flags.train, test: flags.test });
  const extension = extname(path) || ".json";
  const files: Record<string, string> = {};
  for (const name of ["train", "val", "test"] as const) {
    files[name] = join(flags.out, `${name}${extension}`);
    await writeWhole(files[name], writeEntries(parts[name], extension));
    output.result(fill(messages.data.part, { path: files[name], count: parts[name].length }));
  }
  const counts = { train: parts.train.length, val: parts.val.length, test: parts.test.length };
  output.event({ type: "done", files, counts });
}

function shuffled(entries: readonly object[], seed: number): object[] {
  return Array.from(new Generator(seed).randperm(entries.length), (i) => entries[i] as object);
}
