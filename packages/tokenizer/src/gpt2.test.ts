import { describe, expect, it } from "vitest";
import { gpt2Tokenizer } from "./gpt2.ts";

describe("gpt2Tokenizer", () => {
  it("gives the book's ids", async () => {
    const tokenizer = await gpt2Tokenizer();
    const text = "Hello, do you like tea? <|endoftext|> In the sunlit terracesof someunknownPlace.";
    const ids = [
      15496, 11, 466, 345, 588, 8887, 30, 220, 50256, 554, 262, 4252, 18250, 8812, 2114, 1659, 617, 34680, 27271, 13,
    ];
    expect([...tokenizer.encode(text, { allowedSpecial: new Set(["<|endoftext|>"]) })]).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
    expect([...tokenizer.encode("Akwirw ier")]).toEqual([33901, 86, 343, 86, 220, 959]);
    expect([...tokenizer.encode("我说你好")]).toEqual([22755, 239, 46237, 112, 19526, 254, 25001, 121]);
  });
});
