import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Tiktoken } from "tiktoken/lite";
import { generatedStrings, Lcg, RULE } from "@test/generated-strings.ts";
import { gpt2Tokenizer } from "./gpt2.ts";
import type { Tokenizer } from "./tokenizer.ts";

const fixture = JSON.parse(
  readFileSync(new URL("../../../fixtures/tokenizer/gpt2-ids.json", import.meta.url), "utf8"),
) as { block: number; strings: number; rowsOfIds: number; tokens: number; encode: string[]; decode: string[] };
const testData = process.env["SCRATCH_LLM_TEST_DATA"];
/** Of OpenAI's own `vocab.bpe`, as tiktoken's `openai_public.py` states it. */
const VOCAB_BPE_SHA256 = "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await gpt2Tokenizer();
});

describe("the book's numbers (section 2.5)", () => {
  it("encodes a text with a special token and unknown words, and decodes it", () => {
    const text = "Hello, do you like tea? <|endoftext|> In the sunlit terracesof someunknownPlace.";
    const ids = tokenizer.encode(text, { allowedSpecial: new Set(["<|endoftext|>"]) });
    expect([...ids]).toEqual([
      15496, 11, 466, 345, 588, 8887, 30, 220, 50256, 554, 262, 4252, 18250, 8812, 2114, 1659, 617, 34680, 27271, 13,
    ]);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it("encodes exercise 2.1's unknown words, token by token", () => {
    const ids = tokenizer.encode("Akwirw ier");
    expect([...ids]).toEqual([33901, 86, 343, 86, 220, 959]);
    expect(Array.from(ids, (id) => tokenizer.decode([id]))).toEqual(["Ak", "w", "ir", "w", " ", "ier"]);
  });

  it("has 50,257 tokens, the last of which ends a text", () => {
    expect(tokenizer.vocabSize).toBe(50257);
    expect(tokenizer.eosId).toBe(50256);
  });

  it.skipIf(!testData)("finds 5145 tokens in The Verdict", () => {
    const ids = tokenizer.encode(readFileSync(join(testData ?? "", "the-verdict.txt"), "utf8"));
    expect(ids.length).toBe(5145);
    expect(ids.slice(50, 55)).toEqual(Int32Array.of(290, 4920, 2241, 287, 257));
  });
});

describe("equality with tiktoken", () => {
  it("gives the ids of Python's tiktoken for 10,000 generated strings", () => {
    const strings = [...generatedStrings(fixture.strings, new Lcg(RULE.seed))];
    const ids = strings.map((text) => tokenizer.encode(text, { disallowedSpecial: new Set() }));
    expect(ids.reduce((sum, row) => sum + row.length, 0)).toBe(fixture.tokens);
    expect(hashes(ids.map((row) => new Uint8Array(row.buffer)))).toEqual(fixture.encode);
  });

  it("gives the texts of Python's tiktoken for generated ids, bad UTF-8 included", () => {
    const lcg = new Lcg(RULE.seed);
    for (const _ of generatedStrings(fixture.strings, lcg)); // the rows are drawn after the strings
    const rows = Array.from({ length: fixture.rowsOfIds }, () =>
      Array.from({ length: 1 + lcg.pick(20) }, () => lcg.pick(tokenizer.vocabSize)),
    );
    expect(hashes(rows.map((row) => new TextEncoder().encode(tokenizer.decode(row))))).toEqual(fixture.decode);
  });

  it("agrees with tiktoken's own engine, also in what it does with special tokens", async () => {
    const { default: ranks } = await import("tiktoken/encoders/gpt2.json", { with: { type: "json" } });
    const theirs = new Tiktoken(ranks.bpe_ranks, ranks.special_tokens, ranks.pat_str);
    const text = "a<|endoftext|>b<|endoftext|><|endoftext|> <|endoftext |>";
    expect([...tokenizer.encode(text, { allowedSpecial: "all" })]).toEqual([...theirs.encode(text, "all")]);
    expect([...tokenizer.encode(text, { disallowedSpecial: new Set() })]).toEqual([...theirs.encode(text, [], [])]);
    expect(() => theirs.encode(text)).toThrow("not allowed");
    expect(() => tokenizer.encode(text)).toThrow(
      expect.objectContaining({ code: "DISALLOWED_SPECIAL", token: "<|endoftext|>" }),
    );
    theirs.free();
  });
});

describe("gpt2Tokenizer", () => {
  it("is made once", async () => {
    expect(await gpt2Tokenizer()).toBe(tokenizer);
  });

  it("encodes Chinese and emoji byte by byte", () => {
    expect([...tokenizer.encode("我说你好")]).toEqual([22755, 239, 46237, 112, 19526, 254, 25001, 121]);
    expect([...tokenizer.encode("😀")]).toEqual([47249, 222]);
  });

  it("writes a tokenizer.json with the merges that GPT-2 was published with", () => {
    const { added_tokens, model } = tokenizer.toJSON();
    expect(tokenizer.toJSON()).toBe(tokenizer.toJSON()); // made once
    expect(added_tokens.map(({ id, content }) => [id, content])).toEqual([[50256, "<|endoftext|>"]]);
    expect(Object.keys(model.vocab)).toHaveLength(50257);
    expect(model.vocab["<|endoftext|>"]).toBe(50256);
    expect(model.merges).toHaveLength(50000);
    expect(model.merges.slice(0, 5)).toEqual(["Ġ t", "Ġ a", "h e", "i n", "r e"]);
    expect(model.merges.at(-1)).toBe("Ġg azed");
    const vocabBpe = ["#version: 0.2", ...model.merges, ""].join("\n");
    expect(createHash("sha256").update(vocabBpe).digest("hex")).toBe(VOCAB_BPE_SHA256);
  });
});

/** As make_gpt2_ids.py makes them. */
function hashes(items: readonly Uint8Array[]): string[] {
  const blocks: string[] = [];
  for (let start = 0; start < items.length; start += fixture.block) {
    const digest = createHash("sha256");
    for (const data of items.slice(start, start + fixture.block)) {
      digest.update(new Uint8Array(Int32Array.of(data.length).buffer)).update(data);
    }
    blocks.push(digest.digest("hex").slice(0, 16));
  }
  return blocks;
}
