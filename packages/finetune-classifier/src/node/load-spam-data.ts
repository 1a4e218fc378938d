import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { LabeledText } from "../data/labeled-text.ts";
import { parseSmsSpam } from "../data/sms-spam.ts";
import { ClassifierDataError } from "../errors.ts";
import { fetchFirst } from "./fetch-first.ts";

/** Where the SMS Spam Collection is, as the book names it (section 6.2): the UCI repository, and a copy. */
export const SPAM_ADDRESSES: readonly string[] = [
  "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
  "https://f001.backblazeb2.com/file/LLMs-from-scratch/sms%2Bspam%2Bcollection.zip",
];

const FILE = "SMSSpamCollection.tsv";
const ENTRY = "SMSSpamCollection";
/** The archive has 200 kB and the file in it 480 kB: whatever has ten megabytes is something else. */
const MAX_BYTES = 10_000_000;

/** Where the collection comes from and goes to. */
export interface SpamDataOptions {
  /** Keeps the file and its checksum. */
  readonly folder: string;
  /** Tried one after the other; default the book's two. */
  readonly addresses?: readonly string[];
  readonly signal?: AbortSignal;
}

/** The collection and where it lies. */
export interface SpamData {
  readonly examples: LabeledText[];
  readonly path: string;
  readonly sha256: string;
  /** Whether it was downloaded just now. */
  readonly downloaded: boolean;
}

/**
 * The SMS Spam Collection, 5,572 messages, downloaded and unpacked the first time (the book's
 * `download_and_unzip_spam_data`). Its rows are counted; its publishers give no checksum, so that of the first download is
 * recorded beside it and compared from then on.
 *
 * @throws {ClassifierDataError} `SPAM_DATA` when no address gives it or the file has changed
 * @example
 * const { examples } = await loadSpamData({ folder: "data" });
 * const { train, val, test } = randomSplit(createBalancedDataset(examples));
 */
export async function loadSpamData(options: SpamDataOptions): Promise<SpamData> {
  const path = join(options.folder, FILE);
  const existing = await readFile(path).catch(() => undefined);
  const bytes = existing ?? (await download(options));
  const examples = parseSmsSpam(new TextDecoder().decode(bytes));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const recorded = await readFile(`${path}.sha256`, "utf8").catch(() => undefined);
  if (existing && recorded !== undefined && recorded.trim() !== sha256) {
    throw new ClassifierDataError(
      "SPAM_DATA",
      `${path} has changed since its download. Delete it to download it again.`,
    );
  }
  if (!existing) await writeWhole(path, bytes);
  if (recorded?.trim() !== sha256) await writeWhole(`${path}.sha256`, `${sha256}\n`);
  return { examples, path, sha256, downloaded: !existing };
}

async function download({ folder, addresses = SPAM_ADDRESSES, signal }: SpamDataOptions): Promise<Uint8Array> {
  await mkdir(folder, { recursive: true });
  try {
    return await fetchFirst(addresses, { maxBytes: MAX_BYTES, read: unpack, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new ClassifierDataError(
      "SPAM_DATA",
      `The SMS Spam Collection could not be downloaded from ${(error as Error).message}. ` +
        `Get it by another way and put it at ${join(folder, FILE)}.`,
    );
  }
}

/** The one file that is wanted; names in an archive are never used as paths. */
function unpack(archive: Uint8Array): Uint8Array {
  const files = unzipSync(archive, { filter: ({ name, originalSize }) => name === ENTRY && originalSize <= MAX_BYTES });
  const file = files[ENTRY];
  if (!file) throw new Error(`the archive holds no ${ENTRY} of less than ${MAX_BYTES} bytes`);
  return file;
}

/** Under a temporary name first, so that an interrupted download leaves no half of a file. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
