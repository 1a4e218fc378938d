import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { describe, expect, it } from "vitest";
import { LoaderOptionError, TextTooShortError } from "./errors.ts";
import { GPTDatasetV1 } from "./gpt-dataset-v1.ts";

const numbers = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

describe("GPTDatasetV1", () => {
  it("cuts the windows of range(0, tokens - maxLength, stride)", () => {
    const starts = (tokens: number, maxLength: number, stride: number): number[] => {
      const dataset = new GPTDatasetV1(numbers(tokens), undefined, { maxLength, stride });
      return Array.from({ length: dataset.length }, (_, i) => dataset.get(i).input[0] ?? -1);
    };
    expect(starts(10, 4, 1)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(starts(10, 4, 4)).toEqual([0, 4]);
    expect(starts(9, 4, 4)).toEqual([0, 4]);
    expect(starts(8, 4, 4)).toEqual([0]); // range(0, 4, 4): the last full window has no target
    expect(starts(5, 4, 7)).toEqual([0]);
  });

  it("pairs every window with the one that begins a token later", () => {
    const { input, target } = new GPTDatasetV1(numbers(10), undefined, { maxLength: 4, stride: 3 }).get(1);
    expect([...input]).toEqual([3, 4, 5, 6]);
    expect([...target]).toEqual([4, 5, 6, 7]);
  });

  it("encodes a text with <|endoftext|> allowed", async () => {
    const tokenizer = await gpt2Tokenizer();
    const dataset = new GPTDatasetV1("Hello, I am<|endoftext|>", tokenizer, { maxLength: 4, stride: 1 });
    expect([...dataset.get(0).target]).toEqual([11, 314, 716, 50_256]);
  });

  it("names the received and the needed length of a text that is too short", () => {
    const make = (): unknown => new GPTDatasetV1(numbers(4), undefined, { maxLength: 4, stride: 1 });
    expect(make).toThrow(TextTooShortError);
    expect(make).toThrow(/has 4 tokens.*needs 5/);
  });

  it("refuses a length or stride that is no whole number above 0", () => {
    for (const options of [
      { maxLength: 0, stride: 1 },
      { maxLength: 4, stride: 0 },
      { maxLength: 2.5, stride: 1 },
    ]) {
      expect(() => new GPTDatasetV1(numbers(9), undefined, options)).toThrow(LoaderOptionError);
    }
  });

  it("refuses windows that do not exist", () => {
    const dataset = new GPTDatasetV1(numbers(10), undefined, { maxLength: 4, stride: 4 });
    for (const index of [-1, 2, 0.5]) expect(() => dataset.get(index)).toThrow(RangeError);
  });
});
