import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { fromBookName, toBookName } from "./book-names.ts";
import { GPT_CONFIG_TINY } from "./config.ts";
import { GPTModel } from "./gpt-model.ts";

it.each([
  ["tokEmb.weight", "tok_emb.weight"],
  ["trfBlocks.11.att.wQuery.weight", "trf_blocks.11.att.W_query.weight"],
  ["trfBlocks.0.att.wKey.bias", "trf_blocks.0.att.W_key.bias"],
  ["trfBlocks.0.att.outProj.weight", "trf_blocks.0.att.out_proj.weight"],
  ["trfBlocks.0.ff.layers.2.bias", "trf_blocks.0.ff.layers.2.bias"],
  ["trfBlocks.0.norm1.scale", "trf_blocks.0.norm1.scale"],
  ["finalNorm.shift", "final_norm.shift"],
  ["wValue", "W_value"],
])("%s is %s in the book", (ours, book) => {
  expect(toBookName(ours)).toBe(book);
  expect(fromBookName(book)).toBe(ours);
});

it("gives a model's parameters the names and the order of PyTorch's state dict", async () => {
  const file = new URL("../../../fixtures/gpt/initial-weights.json", import.meta.url);
  const { sha256 } = JSON.parse(await readFile(file, "utf8")) as { sha256: Record<string, string> };
  const model = new GPTModel({ ...GPT_CONFIG_TINY, vocabSize: 10, embDim: 6, nLayers: 12 });
  expect([...model.namedParameters().keys()].map(toBookName)).toEqual(Object.keys(sha256));
});
