export { type ShardIndex, type TokenDtype, TokenShardError } from "./node/shard-index.ts";
export { openTokenShards, TokenShards } from "./node/token-shards.ts";
export { type WriteShardsOptions, writeTokenShards } from "./node/write-token-shards.ts";
