import { trainBPE } from "@scratch-llm/tokenizer";
import { useTestBackend } from "@test/backend.ts";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { LabeledText } from "./data/labeled-text.ts";
import { collateTexts, SpamDataset } from "./spam-dataset.ts";

const tokenizer = trainBPE(["ab"], { vocabSize: 257 }); // a token per byte, 256 ends a text
const labels = ["ham", "spam"];
const texts: LabeledText[] = [
  { text: "ab", label: "ham" },
  { text: "abcde", label: "spam" },
  { text: "", label: "ham" },
];
const idsOf = (dataset: SpamDataset): number[][] => texts.map((_, i) => [...dataset.get(i).ids]);
const codes = (text: string): number[] => [...tokenizer.encode(text)];
const PAD = tokenizer.eosId as number;

beforeAll(() => useTestBackend("cpu"));

describe("SpamDataset", () => {
  it("fills texts up to the longest", () => {
    const dataset = new SpamDataset(texts, tokenizer, { labels });
    expect(dataset).toMatchObject({ length: 3, maxLength: 5, truncated: 0, padTokenId: PAD });
    expect(idsOf(dataset)).toEqual([[...codes("ab"), PAD, PAD, PAD], codes("abcde"), [PAD, PAD, PAD, PAD, PAD]]);
    expect([0, 1, 2].map((i) => dataset.get(i).label)).toEqual([0, 1, 0]);
    expect(() => dataset.get(3)).toThrow(RangeError);
  });

  it("cuts texts to maxLength, and counts them", () => {
    const dataset = new SpamDataset(texts, tokenizer, { labels, maxLength: 3, padTokenId: 0 });
    expect(dataset).toMatchObject({ maxLength: 3, truncated: 1 });
    expect(idsOf(dataset)).toEqual([[...codes("ab"), 0], codes("abc"), [0, 0, 0]]);
  });

  it("without padding, leaves texts as long as they are; an empty one is a padding token", () => {
    const dataset = new SpamDataset(texts, tokenizer, { labels, padding: false });
    expect(idsOf(dataset)).toEqual([codes("ab"), codes("abcde"), [PAD]]);
    expect(() => collateTexts([dataset.get(0), dataset.get(1)])).toThrow("texts of 2 and 5 tokens");
  });

  it("takes a message of a megabyte for what fits into the context", () => {
    const long = [{ text: "a".repeat(1_000_000), label: "spam" }, ...texts];
    const encode = vi.spyOn(tokenizer, "encode");
    const dataset = new SpamDataset(long, tokenizer, { labels, contextLength: 32 });
    expect(Math.max(...encode.mock.calls.map(([text]) => text.length))).toBeLessThan(10_000);
    encode.mockRestore();
    expect(dataset).toMatchObject({ maxLength: 32, truncated: 1 });
    expect(dataset.get(0).ids).toHaveLength(32);
  });

  it("reads special tokens in a text as ordinary text", () => {
    const dataset = new SpamDataset([{ text: "<|endoftext|>", label: "ham" }], tokenizer, { labels });
    expect(dataset.get(0).ids).not.toContain(PAD);
  });

  it("names an unknown class and lengths that cannot be", () => {
    expect(() => new SpamDataset(texts, tokenizer, { labels: ["ham"] })).toThrow('label "spam"; the classes are ham');
    for (const maxLength of [0, 1.5, Number.NaN]) {
      expect(() => new SpamDataset(texts, tokenizer, { labels, maxLength })).toThrow(`maxLength is ${maxLength}`);
    }
  });
});

it("collateTexts makes int32 tensors", () => {
  const dataset = new SpamDataset(texts, tokenizer, { labels });
  const { inputs, targets } = collateTexts([dataset.get(1), dataset.get(0)]);
  expect([inputs.shape, inputs.dtype, targets.shape, targets.dtype]).toEqual([[2, 5], "int32", [2], "int32"]);
  expect([...targets.dataSync()]).toEqual([1, 0]);
  expect([...inputs.dataSync()]).toEqual([...dataset.get(1).ids, ...dataset.get(0).ids]);
});
