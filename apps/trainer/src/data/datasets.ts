import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchFirst, loadSpamData, SPAM_ADDRESSES } from "@scratch-llm/finetune-classifier/node";
import { checkInstructions, checkPreferences, parseEntries } from "@scratch-llm/finetune-instruct";
import { makeFolder, writeFileAtomic } from "@scratch-llm/safetensors/node";
import { TrainerError } from "../errors.ts";
import { interrupted } from "../interrupt.ts";

/** The largest of the book's texts has half a megabyte: whatever has fifty is something else. */
const MAX_BYTES = 50_000_000;

/** Where downloaded data lie, unless said otherwise. */
export const DATA_FOLDER = "data";

/** A data set that the book uses and others publish. */
export interface KnownDataset {
  readonly name: string;
  /** Of the book. */
  readonly chapter: string;
  /** Its file in the data folder. */
  readonly file: string;
  readonly addresses: readonly string[];
  /** Counts what is in it. @throws when that is something else */
  readonly check: (content: string) => number;
}

const BOOK = "https://raw.githubusercontent.com/rasbt/LLMs-from-scratch/main";

/** The book's data sets. Their publishers give no checksums, so that they are known by their contents. */
export const KNOWN_DATASETS: readonly KnownDataset[] = [
  {
    name: "the-verdict",
    chapter: "2, 5",
    file: "the-verdict.txt",
    addresses: [`${BOOK}/ch02/01_main-chapter-code/the-verdict.txt`],
    check: (content) => requireCount(content.length, 20_479, "characters"),
  },
  {
    name: "sms-spam",
    chapter: "6",
    file: "SMSSpamCollection.tsv",
    addresses: SPAM_ADDRESSES,
    check: () => 5572, // loadSpamData has counted them
  },
  {
    name: "instruction-data",
    chapter: "7",
    file: "instruction-data.json",
    addresses: [`${BOOK}/ch07/01_main-chapter-code/instruction-data.json`],
    check: (content) => requireCount(checkInstructions(parseEntries(content) as object[]).length, 1100, "entries"),
  },
  {
    name: "instruction-preferences",
    chapter: "7 (DPO)",
    file: "instruction-data-with-preference.json",
    addresses: [`${BOOK}/ch07/04_preference-tuning-with-dpo/instruction-data-with-preference.json`],
    check: (content) => requireCount(checkPreferences(parseEntries(content) as object[]).length, 1100, "entries"),
  },
];

function requireCount(found: number, expected: number, what: string): number {
  if (found === expected) return found;
  throw new TrainerError("DATA", `it has ${found} ${what} and not ${expected}`);
}

/** A data set on this computer. */
export interface FoundDataset {
  readonly path: string;
  readonly sha256: string;
  /** Rows, entries or characters. */
  readonly count: number;
  readonly downloaded: boolean;
}

/** @throws {TrainerError} `USAGE` for a name that is not known */
export function datasetNamed(name: string): KnownDataset {
  const found = KNOWN_DATASETS.find((dataset) => dataset.name === name);
  if (found) return found;
  const names = KNOWN_DATASETS.map((dataset) => dataset.name).join(", ");
  throw new TrainerError("USAGE", `There is no file or data set "${name}". Known data sets: ${names}.`);
}

/**
 * The file of a data set that `data download` has fetched into the data folder; undefined for a name that is not known.
 * @throws {TrainerError} `DATA` when it is not there yet
 */
export async function findDataset(name: string): Promise<string | undefined> {
  const known = KNOWN_DATASETS.find((dataset) => dataset.name === name);
  if (known === undefined) return undefined;
  const path = join(DATA_FOLDER, known.file);
  if (existsSync(path)) return path;
  throw new TrainerError("DATA", `${name} is not in ${DATA_FOLDER}/ yet. Get it with: data download ${name}`);
}

/**
 * A data set, downloaded the first time, known by its contents and from then on by its checksum.
 *
 * @param endpoint another server with the same paths, such as a mirror
 * @throws {TrainerError} `DATA`
 * @throws {ClassifierDataError} `SPAM_DATA`
 */
export async function downloadDataset(
  known: KnownDataset,
  folder: string,
  endpoint: string | undefined,
): Promise<FoundDataset> {
  const addresses =
    endpoint === undefined ? known.addresses : known.addresses.map((address) => mirrored(address, endpoint));
  if (known.name === "sms-spam") {
    const { path, sha256, examples, downloaded } = await loadSpamData({ folder, addresses, signal: interrupted });
    return { path, sha256, count: examples.length, downloaded };
  }
  await makeFolder(folder);
  const path = join(folder, known.file);
  const existing = await readFile(path, "utf8").catch(() => undefined);
  const { content, count } =
    existing === undefined
      ? await fetchDataset(known, addresses, path)
      : { content: existing, count: countIn(known, existing, path) };
  const sha256 = createHash("sha256").update(content).digest("hex");
  const recorded = (await readFile(`${path}.sha256`, "utf8").catch(() => "")).trim();
  if (existing !== undefined && recorded !== "" && recorded !== sha256) {
    throw new TrainerError("DATA", `${path} has changed since its download. Delete it to download it again.`);
  }
  if (existing === undefined) await writeFileAtomic(path, content);
  if (recorded !== sha256) await writeFileAtomic(`${path}.sha256`, `${sha256}\n`);
  return { path, sha256, count, downloaded: existing === undefined };
}

/** @throws {TrainerError} `DATA` saying what was wrong with each address, and what to do */
async function fetchDataset(
  { name, check }: KnownDataset,
  addresses: readonly string[],
  path: string,
): Promise<{ content: string; count: number }> {
  const read = (bytes: Uint8Array): { content: string; count: number } => {
    const content = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { content, count: check(content) };
  };
  try {
    return await fetchFirst(addresses, { maxBytes: MAX_BYTES, read, signal: interrupted });
  } catch (cause) {
    if (interrupted.aborted) throw new TrainerError("INTERRUPTED", `The download of ${name} was stopped.`);
    const where = (cause as Error).message;
    const remedy = `Try --endpoint with a mirror, or get it by another way and put it at ${path}.`;
    throw new TrainerError("DATA", `${name} could not be downloaded from ${where}. ${remedy}`);
  }
}

function countIn({ check, name }: KnownDataset, content: string, path: string): number {
  try {
    return check(content);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TrainerError("DATA", `${path} is not ${name}: ${reason}. Delete it to download it again.`, { cause });
  }
}

function mirrored(address: string, endpoint: string): string {
  const { pathname, search } = new URL(address);
  return `${endpoint.replace(/\/+$/u, "")}${pathname}${search}`;
}
