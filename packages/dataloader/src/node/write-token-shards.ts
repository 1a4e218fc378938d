import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { requirePositiveInteger } from "../errors.ts";
import { INDEX_FILE, type ShardIndex, type TokenDtype, TokenShardError } from "./shard-index.ts";

/** Settings of {@link writeTokenShards}. */
export interface WriteShardsOptions {
  /** Ids are below it; up to 65,536 an id takes two bytes, above four. */
  readonly vocabSize: number;
  /** Ids per file (default 50 million: 100 MB of two-byte ids). */
  readonly shardTokens?: number;
}

/**
 * Writes ids, part by part as they come, into files of a folder: a corpus larger than memory is tokenized once and then
 * read by range. They take the place of shards that are there. The index comes last and all at once, so that an interrupted
 * call leaves no folder that opens.
 *
 * @throws {LoaderOptionError} unless `vocabSize` and `shardTokens` are whole numbers ≥ 1; nothing is touched then.
 * @throws {TokenShardError} for an id outside the vocabulary.
 * @example
 * ```ts
 * const index = await writeTokenShards("data/tokens", [Int32Array.of(40, 367, 2885)], { vocabSize: 50257 });
 * index.tokens; // 3
 * ```
 */
export async function writeTokenShards(
  dir: string,
  parts: Iterable<Int32Array> | AsyncIterable<Int32Array>,
  { vocabSize, shardTokens = 50_000_000 }: WriteShardsOptions,
): Promise<ShardIndex> {
  requirePositiveInteger("vocabSize", vocabSize);
  requirePositiveInteger("shardTokens", shardTokens);
  const dtype: TokenDtype = vocabSize <= 65_536 ? "uint16" : "uint32";
  mkdirSync(dir, { recursive: true });
  removeShards(dir);
  const files = new ShardFiles(dir, dtype, shardTokens);
  try {
    for await (const part of parts) {
      requireIdsBelow(vocabSize, part);
      files.append(part);
    }
  } finally {
    files.finish();
  }
  const tokens = files.shards.reduce((sum, shard) => sum + shard.tokens, 0);
  const index: ShardIndex = {
    format: "scratch-llm-tokens",
    version: 1,
    dtype,
    vocabSize,
    tokens,
    shards: files.shards,
  };
  const temporary = join(dir, `${INDEX_FILE}.part`);
  writeFileSync(temporary, `${JSON.stringify(index, undefined, 2)}\n`, { flush: true });
  renameSync(temporary, join(dir, INDEX_FILE));
  return index;
}

/** The files of a folder under construction; the last one is open. */
class ShardFiles {
  readonly shards: { file: string; tokens: number }[] = [];
  readonly #dir: string;
  readonly #dtype: TokenDtype;
  readonly #shardTokens: number;
  #fd: number | undefined;

  constructor(dir: string, dtype: TokenDtype, shardTokens: number) {
    this.#dir = dir;
    this.#dtype = dtype;
    this.#shardTokens = shardTokens;
  }

  append(ids: Int32Array): void {
    for (let start = 0; start < ids.length;) {
      const { fd, shard } = this.#shardWithRoom();
      const end = Math.min(ids.length, start + this.#shardTokens - shard.tokens);
      writeAll(fd, littleEndian(ids.subarray(start, end), this.#dtype));
      shard.tokens += end - start;
      start = end;
    }
  }

  /** Brings the open file to the disk and closes it. */
  finish(): void {
    if (this.#fd === undefined) return;
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #shardWithRoom(): { fd: number; shard: { file: string; tokens: number } } {
    const last = this.shards.at(-1);
    if (this.#fd !== undefined && last && last.tokens < this.#shardTokens) return { fd: this.#fd, shard: last };
    this.finish();
    const shard = { file: shardName(this.shards.length), tokens: 0 };
    const fd = openSync(join(this.#dir, shard.file), "w");
    this.#fd = fd;
    this.shards.push(shard);
    return { fd, shard };
  }
}

function shardName(number: number): string {
  return `tokens-${String(number).padStart(5, "0")}.bin`;
}

/** The index first: without it, the others are no shards any more. */
function removeShards(dir: string): void {
  rmSync(join(dir, INDEX_FILE), { force: true });
  for (const file of readdirSync(dir)) if (/^tokens-\d{5,}\.bin$/.test(file)) rmSync(join(dir, file));
}

function requireIdsBelow(vocabSize: number, ids: Int32Array): void {
  const wrong = ids.find((id) => id < 0 || id >= vocabSize);
  if (wrong !== undefined) {
    throw new TokenShardError(
      `Token id ${wrong} is outside the vocabulary of ${vocabSize}; give the vocabSize of the tokenizer that made it.`,
    );
  }
}

function littleEndian(ids: Int32Array, dtype: TokenDtype): Uint8Array {
  const values = dtype === "uint16" ? Uint16Array.from(ids) : Uint32Array.from(ids);
  return new Uint8Array(values.buffer); // the platforms that TensorFlow.js runs on are little-endian
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}
