import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { TokenSource } from "../dataset.ts";
import { BYTES_PER_TOKEN, readShardIndex, type ShardIndex, type TokenDtype, TokenShardError } from "./shard-index.ts";

interface OpenShard {
  readonly path: string;
  readonly fd: number;
  /** Number of its first id in the whole row, and of the id after its last. */
  readonly start: number;
  readonly end: number;
}

/** The shards of a folder as one {@link TokenSource}: only the ranges asked for are read. */
export class TokenShards implements TokenSource {
  readonly index: ShardIndex;
  readonly length: number;
  readonly #shards: readonly OpenShard[];

  /** @throws {TokenShardError} when the folder is incomplete or a file has another size than the index says. */
  constructor(dir: string) {
    this.index = readShardIndex(dir);
    this.length = this.index.tokens;
    this.#shards = openShards(dir, this.index);
  }

  slice(start: number, end: number): Int32Array {
    const from = Math.max(0, start);
    const to = Math.min(this.length, end);
    const ids = new Int32Array(Math.max(0, to - from));
    for (const shard of this.#shards) {
      const first = Math.max(from, shard.start);
      const last = Math.min(to, shard.end);
      if (first < last) ids.set(readIds(shard, this.index.dtype, first, last), first - from);
    }
    return ids;
  }

  /** Closes the files; nothing can be read afterwards. */
  close(): void {
    for (const shard of this.#shards) closeSync(shard.fd);
  }
}

/**
 * Opens what {@link writeTokenShards} wrote.
 *
 * @throws {TokenShardError} when the folder is incomplete or damaged.
 * @example
 * ```ts
 * const tokens = openTokenShards("data/tokens");
 * const dataset = new GPTDatasetV1(tokens, undefined, { maxLength: 256, stride: 256 });
 * ```
 */
export function openTokenShards(dir: string): TokenShards {
  return new TokenShards(dir);
}

function openShards(dir: string, index: ShardIndex): OpenShard[] {
  const shards: OpenShard[] = [];
  let start = 0;
  try {
    for (const { file, tokens } of index.shards) {
      const path = join(dir, file);
      const fd = openSync(path, "r");
      shards.push({ path, fd, start, end: start + tokens });
      start += tokens;
      requireSize(path, fstatSync(fd).size, tokens * BYTES_PER_TOKEN[index.dtype]);
    }
  } catch (cause) {
    for (const shard of shards) closeSync(shard.fd);
    if (cause instanceof TokenShardError) throw cause;
    throw new TokenShardError(`Cannot open the token shards in ${dir}; write them anew.`, { cause });
  }
  return shards;
}

function requireSize(path: string, size: number, expected: number): void {
  if (size !== expected) {
    throw new TokenShardError(`${path} has ${size} bytes, its index says ${expected}; write the shards anew.`);
  }
}

function readIds(shard: OpenShard, dtype: TokenDtype, start: number, end: number): Uint16Array | Uint32Array {
  const values = dtype === "uint16" ? new Uint16Array(end - start) : new Uint32Array(end - start);
  const bytes = new Uint8Array(values.buffer);
  const offset = (start - shard.start) * BYTES_PER_TOKEN[dtype];
  for (let done = 0; done < bytes.length;) {
    const read = readSync(shard.fd, bytes, done, bytes.length - done, offset + done);
    if (read === 0) throw new TokenShardError(`${shard.path} ended early; write the shards anew.`);
    done += read;
  }
  return values;
}
