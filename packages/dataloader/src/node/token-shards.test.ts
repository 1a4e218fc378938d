import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LoaderOptionError } from "../errors.ts";
import { GPTDatasetV1 } from "../gpt-dataset-v1.ts";
import { TokenShardError } from "./shard-index.ts";
import { openTokenShards } from "./token-shards.ts";
import { writeTokenShards } from "./write-token-shards.ts";

const ids = Int32Array.from({ length: 100 }, (_, i) => (i * 7919) % 50_257);
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "token-shards-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The ids in uneven parts, as a tokenizer working through a file hands them out. */
async function* parts(): AsyncGenerator<Int32Array> {
  for (const [start, end] of [
    [0, 1],
    [1, 64],
    [64, 64],
    [64, 100],
  ]) {
    yield ids.subarray(start, end);
  }
}

describe("token shards", () => {
  it("give back any range, across files, in two and in four bytes", async () => {
    for (const [vocabSize, bytes] of [
      [65_536, 2],
      [65_537, 4],
    ] as const) {
      const index = await writeTokenShards(dir, parts(), { vocabSize, shardTokens: 30 });
      expect(index.shards.map((shard) => shard.tokens)).toEqual([30, 30, 30, 10]);
      expect(readFileSync(join(dir, "tokens-00003.bin"))).toHaveLength(10 * bytes);
      const tokens = openTokenShards(dir);
      expect(tokens.length).toBe(100);
      for (const [start, end] of [
        [0, 100],
        [29, 31],
        [30, 60],
        [5, 95],
        [99, 120],
        [7, 7],
      ] as const) {
        expect(tokens.slice(start, end)).toEqual(ids.slice(start, end));
      }
      tokens.close();
    }
  });

  it("serve the sliding-window dataset as an array does", async () => {
    const folder = join(dir, "not", "there", "yet");
    await writeTokenShards(folder, [ids], { vocabSize: 50_257, shardTokens: 17 });
    const tokens = openTokenShards(folder);
    const options = { maxLength: 8, stride: 5 };
    const [read, held] = [tokens, ids].map((source) => new GPTDatasetV1(source, undefined, options));
    expect(read?.length).toBe(held?.length);
    for (let i = 0; i < (held?.length ?? 0); i++) expect(read?.get(i)).toEqual(held?.get(i));
    tokens.close();
  });

  it("are little-endian without a header", async () => {
    await writeTokenShards(dir, [Int32Array.of(1, 258)], { vocabSize: 300 });
    expect([...readFileSync(join(dir, "tokens-00000.bin"))]).toEqual([1, 0, 2, 1]);
  });

  it("take the place of those that were there, and of nothing else", async () => {
    writeFileSync(join(dir, "notes.txt"), "mine");
    await writeTokenShards(dir, [ids], { vocabSize: 50_257, shardTokens: 30 });
    await writeTokenShards(dir, [ids], { vocabSize: 50_257, shardTokens: 60 });
    expect(readdirSync(dir).toSorted()).toEqual(["notes.txt", "tokens-00000.bin", "tokens-00001.bin", "tokens.json"]);
  });

  it("refuse an id outside the vocabulary, and then do not open", async () => {
    await writeTokenShards(dir, [ids], { vocabSize: 50_257 });
    const writing = writeTokenShards(dir, [ids, Int32Array.of(50_257)], { vocabSize: 50_257 });
    await expect(writing).rejects.toThrow(/50257 is outside/);
    expect(() => openTokenShards(dir)).toThrow(TokenShardError);
  });

  it("refuse sizes that are no whole numbers above 0, and leave the shards that are there", async () => {
    await writeTokenShards(dir, [ids], { vocabSize: 50_257 });
    for (const wrong of [
      { vocabSize: 0 },
      { vocabSize: Number.NaN },
      { shardTokens: 0 },
      { shardTokens: Number.NaN },
    ]) {
      const writing = writeTokenShards(dir, [ids], { vocabSize: 50_257, ...wrong });
      await expect(writing).rejects.toThrow(LoaderOptionError);
    }
    expect(openTokenShards(dir).length).toBe(100);
  });

  it("refuse a missing folder, a strange index and a file that was cut", async () => {
    expect(() => openTokenShards(join(dir, "nowhere"))).toThrow(/writeTokenShards first/);
    await writeTokenShards(dir, [ids], { vocabSize: 50_257, shardTokens: 60 });
    truncateSync(join(dir, "tokens-00001.bin"), 78);
    expect(() => openTokenShards(dir)).toThrow(/has 78 bytes, its index says 80/);
    rmSync(join(dir, "tokens-00001.bin"));
    expect(() => openTokenShards(dir)).toThrow(TokenShardError);
  });
});
