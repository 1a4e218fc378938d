import { readFileSync } from "node:fs";
import { join } from "node:path";

/** How ids lie in a shard file: little-endian, without a header, so that `numpy.fromfile` reads it too. */
export type TokenDtype = "uint16" | "uint32";

/** `tokens.json` of a shard folder. */
export interface ShardIndex {
  readonly format: "scratch-llm-tokens";
  readonly version: 1;
  readonly dtype: TokenDtype;
  readonly vocabSize: number;
  /** Ids in all shards. */
  readonly tokens: number;
  readonly shards: readonly { readonly file: string; readonly tokens: number }[];
}

export const INDEX_FILE = "tokens.json";
export const BYTES_PER_TOKEN: Readonly<Record<TokenDtype, number>> = { uint16: 2, uint32: 4 };

/** A folder of token shards cannot be written or read. */
export class TokenShardError extends Error {
  readonly code = "TOKEN_SHARDS";
  override readonly name = "TokenShardError";
}

/** @throws {TokenShardError} when `dir` holds no complete shard folder. */
export function readShardIndex(dir: string): ShardIndex {
  const path = join(dir, INDEX_FILE);
  let index: Partial<ShardIndex> | null;
  try {
    index = JSON.parse(readFileSync(path, "utf8")) as Partial<ShardIndex> | null;
  } catch (cause) {
    throw new TokenShardError(`Cannot read ${path}; write the shards with writeTokenShards first.`, { cause });
  }
  if (!isShardIndex(index)) {
    throw new TokenShardError(`${path} is no token shard index of version 1; write the shards anew.`);
  }
  return index;
}

function isShardIndex(index: Partial<ShardIndex> | null): index is ShardIndex {
  return (
    index?.format === "scratch-llm-tokens" &&
    index.version === 1 &&
    (index.dtype === "uint16" || index.dtype === "uint32") &&
    Array.isArray(index.shards) &&
    index.shards.every(({ file, tokens }) => /^[\w.-]+$/.test(file) && Number.isSafeInteger(tokens) && tokens > 0) &&
    index.tokens === index.shards.reduce((sum, shard) => sum + shard.tokens, 0)
  );
}
