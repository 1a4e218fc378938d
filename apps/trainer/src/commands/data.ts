import { existsSync } from "node:fs";
import { basename, extname, join } from "node:path";
import {
  classNames,
  countClasses,
  createBalancedDataset,
  formatRows,
  randomSplit,
} from "@scratch-llm/finetune-classifier";
import { splitData } from "@scratch-llm/finetune-instruct";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import { SAMPLE_SETS, type SampleSet } from "@scratch-llm/samples";
import { DATA_FOLDER, datasetNamed, downloadDataset, KNOWN_DATASETS } from "../data/datasets.ts";
import { TrainerError } from "../errors.ts";
import type { Context } from "../flags.ts";
import { fill } from "../messages/messages.ts";
import { readText } from "../text-data.ts";
import { readTexts } from "../tuning/classify-task.ts";
import { formatEntries, parseTableOrEntries, type Parts } from "../tuning/data-file.ts";

/** The flags of `data download`. */
export interface DataDownloadFlags {
  readonly endpoint?: string;
  readonly out: string;
}

/** `data download NAME`: one of the book's data sets, once. */
export async function download(
  name: string,
  { endpoint, out }: DataDownloadFlags,
  { output, messages }: Context,
): Promise<void> {
  const found = await downloadDataset(datasetNamed(name), out, endpoint);
  const { path, count, sha256 } = found;
  output.result(
    fill(found.downloaded ? messages.data.downloaded : messages.data.checked, { name, path, count, sha256 }),
  );
  output.event({ type: "done", name, ...found });
}

/** `data list`: the built-in sets, and those that can be downloaded. */
export async function list({ output, messages }: Context): Promise<void> {
  const builtIn = Object.keys(SAMPLE_SETS) as SampleSet[];
  for (const name of builtIn) output.result(`${name.padEnd(26)} ${messages.data.builtIn}`);
  const known = KNOWN_DATASETS.map(({ name, chapter, file, addresses }) => {
    const path = join(DATA_FOLDER, file);
    return { name, chapter, addresses, ...(existsSync(path) && { path }) };
  });
  for (const { name, chapter, path } of known) {
    const state = path ?? fill(messages.data.canDownload, { name });
    output.result(`${name.padEnd(26)} ${fill(messages.data.chapter, { chapter })}  ${state}`);
  }
  output.event({ type: "done", builtIn, datasets: known });
}

/** The flags of `data prepare`. */
export interface DataPrepareFlags {
  readonly out?: string;
  readonly endpoint?: string;
  readonly balance: boolean;
  readonly seed: number;
}

/**
 * `data prepare NAME|FILE`: what the book does with the data of chapters 6 and 7 before a training. Texts with labels are balanced,
 * shuffled and split 70 / 10 / 20; tasks are split 85 / 5 / 10 in their order.
 */
export async function prepare(source: string, flags: DataPrepareFlags, { output, messages }: Context): Promise<void> {
  const path = existsSync(source)
    ? source
    : (await downloadDataset(datasetNamed(source), DATA_FOLDER, flags.endpoint)).path;
  const content = await readText(path);
  const { files, counts } = isLabeled(content) ? labeledParts(content, flags) : entryParts(content, path);
  const out = flags.out ?? join(DATA_FOLDER, basename(source, extname(source)));
  for (const [name, text] of Object.entries(files)) {
    await writeFileAtomic(join(out, name), text);
    output.result(fill(messages.data.part, { path: join(out, name), count: counts[name] ?? 0 }));
  }
  output.event({ type: "done", source: path, out, counts });
}

/** Files by name, and how much is in each. */
interface Prepared {
  readonly files: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

/** The book's three files of section 6.3. */
function labeledParts(content: string, { balance, seed }: DataPrepareFlags): Prepared {
  const texts = readTexts(content);
  classNames(texts); // one class alone is no task
  const { train, val, test } = randomSplit(balance ? createBalancedDataset(texts, seed) : texts, { seed });
  const columns = ["label", "text"];
  return asFiles({ train, val, test }, { val: "validation" }, ".csv", (rows) => formatRows({ columns, rows }, ","));
}

function entryParts(content: string, path: string): Prepared {
  const { columns, rows } = parseTableOrEntries(content);
  if (!columns.includes("instruction")) {
    throw new TrainerError("DATA", `${path} has neither text and label nor instruction. There is nothing to prepare.`);
  }
  return asFiles(splitData(rows), {}, ".json", (part) => formatEntries({ columns, rows: part }, ".json"));
}

function asFiles<T>(
  parts: Parts<readonly T[]>,
  names: Partial<Parts<string>>,
  extension: string,
  format: (rows: readonly (T & Readonly<Record<string, unknown>>)[]) => string,
): Prepared {
  const entries = (["train", "val", "test"] as const).map(
    (part) => [`${names[part] ?? part}${extension}`, parts[part]] as const,
  );
  return {
    files: Object.fromEntries(entries.map(([name, rows]) => [name, format(rows as never)])),
    counts: Object.fromEntries(entries.map(([name, rows]) => [name, rows.length])),
  };
}

/** The SMS collection has no header; other texts with labels have both columns. */
function isLabeled(content: string): boolean {
  if (/^(?:ham|spam)\t/u.test(content)) return true;
  const names = headerOf(content).map((column) => column.toLowerCase());
  return names.includes("text") && names.includes("label");
}

function headerOf(content: string): readonly string[] {
  return parseTableOrEntries(content).columns;
}

/** `data inspect FILE`: entries, fields, classes and lengths. */
export async function inspect(path: string, { output, messages }: Context): Promise<void> {
  const content = await readText(path);
  const { columns, rows } = /^(?:ham|spam)\t/u.test(content)
    ? { columns: ["label", "text"], rows: readTexts(content) as unknown as Record<string, unknown>[] }
    : parseTableOrEntries(content);
  output.result(fill(messages.data.entries, { path, count: rows.length, kind: extname(path).slice(1) || "text" }));
  const fields = columns.map((name) => ({ name, ...lengthsOf(rows.map((row) => row[name])) }));
  for (const { name, filled, median, longest } of fields) {
    output.result(`  ${name.padEnd(14)} ${fill(messages.data.field, { filled, median, longest })}`);
  }
  const label = columns.find((name) => name.toLowerCase() === "label");
  const values = label === undefined ? [] : rows.map((row) => ({ text: "", label: String(row[label] ?? "") }));
  const names = [...new Set(values.map((value) => value.label))].toSorted();
  const counts = countClasses(values, names);
  const classes = Object.fromEntries(names.map((name, i) => [name, counts[i] ?? 0]));
  for (const [name, count] of Object.entries(classes)) output.result(`  ${label} = ${name}: ${count}`);
  output.event({ type: "done", path, entries: rows.length, fields, classes });
}

/** How many values are filled, and how many characters they have. */
function lengthsOf(values: readonly unknown[]): { filled: number; median: number; longest: number } {
  const lengths = values
    .flatMap((value) => (value === undefined || value === null || value === "" ? [] : [String(value).length]))
    .toSorted((a, b) => a - b);
  return { filled: lengths.length, median: lengths[lengths.length >> 1] ?? 0, longest: lengths.at(-1) ?? 0 };
}
