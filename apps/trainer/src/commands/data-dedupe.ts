import { extname } from "node:path";
import { duplicatesToRemove, findNearDuplicates } from "@scratch-llm/finetune-instruct";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import { TrainerError } from "../errors.ts";
import type { Context } from "../flags.ts";
import { fill } from "../messages/messages.ts";
import { readText } from "../text-data.ts";
import { formatEntries, parseTableOrEntries } from "../tuning/data-file.ts";

/** The flags of `data dedupe`. */
export interface DataDedupeFlags {
  readonly key?: string;
  readonly threshold: number;
  readonly out?: string;
}

/** `scratch-llm data dedupe FILE`: shows entries that are almost the same (ch07/02), and writes the file without them. */
export async function dataDedupe(path: string, flags: DataDedupeFlags, { output, messages }: Context): Promise<void> {
  const { key, threshold, out } = flags;
  const { columns, rows: entries } = parseTableOrEntries(await readText(path));
  const texts = entries.map((entry) => textOf(entry, key));
  if (texts.every((text) => text === "")) {
    throw new TrainerError(
      "DATA",
      `No entry of ${path} has text${key === undefined ? "" : ` in "${key}"`}. Check --key.`,
    );
  }
  const pairs = findNearDuplicates(texts, threshold);
  for (const { first, second, similarity } of pairs) {
    const values = { first: first + 1, second: second + 1, similarity: similarity.toFixed(2) };
    output.result(`${fill(messages.data.duplicate, values)}\n  ${oneLine(texts[first])}\n  ${oneLine(texts[second])}`);
    output.event({ type: "duplicate", first, second, similarity });
  }
  const removed = duplicatesToRemove(pairs);
  const kept = entries.filter((_, i) => !removed.has(i));
  if (out !== undefined) await writeFileAtomic(out, formatEntries({ columns, rows: kept }, extname(out)));
  const counts = { entries: entries.length, pairs: pairs.length, removed: removed.size, kept: kept.length };
  output.result(
    fill(out === undefined ? messages.data.duplicates : messages.data.deduplicated, { ...counts, out: out ?? "" }),
  );
  output.event({ type: "done", ...counts, out });
}

/** The field that is compared, or all text of the entry. */
function textOf(entry: Readonly<Record<string, unknown>>, key: string | undefined): string {
  const values = key === undefined ? Object.values(entry) : [entry[key]];
  return values.filter((value) => typeof value === "string").join("\n");
}

function oneLine(text = ""): string {
  return text.replaceAll(/\s+/gu, " ").slice(0, 200);
}
