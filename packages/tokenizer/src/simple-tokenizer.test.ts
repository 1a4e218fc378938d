import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildVocabulary, SimpleTokenizerV1, SimpleTokenizerV2, splitWords } from "./simple-tokenizer.ts";

const testData = process.env["SCRATCH_LLM_TEST_DATA"];
const SPECIAL = ["<|endoftext|>", "<|unk|>"];

describe("splitWords", () => {
  it("keeps punctuation and drops white space", () => {
    expect(splitWords("Hello, world. Is this-- a test?")).toEqual("Hello , world . Is this -- a test ?".split(" "));
    expect(splitWords(" \n")).toEqual([]);
  });
});

describe("SimpleTokenizerV1", () => {
  const tokenizer = new SimpleTokenizerV1(buildVocabulary("the cat sat, the mat sat; constructor."));

  it("numbers the words in alphabetical order", () => {
    expect([...buildVocabulary("b a, b").entries()]).toEqual([
      [",", 0],
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("writes no space before most punctuation marks, as in the book", () => {
    expect(tokenizer.decode(tokenizer.encode("the cat   sat , the mat."))).toBe("the cat sat, the mat.");
    expect(tokenizer.decode(tokenizer.encode("the cat; the mat"))).toBe("the cat ; the mat");
  });

  it("refuses words and ids it does not know", () => {
    expect(() => tokenizer.encode("the dog")).toThrow(expect.objectContaining({ code: "UNKNOWN_TOKEN" }));
    expect(() => tokenizer.encode("toString")).toThrow('"toString" is not in the vocabulary');
    expect(() => tokenizer.decode([8])).toThrow("Id 8 is not in the vocabulary");
  });
});

describe("SimpleTokenizerV2", () => {
  it("encodes words it does not know as <|unk|>", () => {
    const tokenizer = new SimpleTokenizerV2(buildVocabulary("the cat sat.", SPECIAL));
    expect([...tokenizer.encode("the dog sat. <|endoftext|>")]).toEqual([3, 5, 2, 0, 4]);
    expect(tokenizer.decode([3, 5, 2, 0, 4])).toBe("the <|unk|> sat. <|endoftext|>");
  });

  it("needs <|unk|> in its vocabulary", () => {
    expect(() => new SimpleTokenizerV2(buildVocabulary("the cat"))).toThrow("buildVocabulary(text, [");
  });
});

describe.skipIf(!testData)("the book's numbers from The Verdict (sections 2.2 to 2.4)", () => {
  const text = testData ? readFileSync(join(testData, "the-verdict.txt"), "utf8") : "";

  it("counts 20479 characters, 4690 words and marks, 1130 of them different", () => {
    expect(text).toHaveLength(20479);
    expect(splitWords(text)).toHaveLength(4690);
    expect(buildVocabulary(text).size).toBe(1130);
    const vocab = buildVocabulary(text, SPECIAL);
    expect(SPECIAL.map((token) => vocab.get(token))).toEqual([1130, 1131]);
  });

  it("encodes and decodes with the first tokenizer", () => {
    const tokenizer = new SimpleTokenizerV1(buildVocabulary(text));
    const ids = tokenizer.encode(`"It's the last he painted, you know,"
           Mrs. Gisburn said with pardonable pride.`);
    expect([...ids]).toEqual([
      1, 56, 2, 850, 988, 602, 533, 746, 5, 1126, 596, 5, 1, 67, 7, 38, 851, 1108, 754, 793, 7,
    ]);
    expect(tokenizer.decode(ids)).toBe(
      `" It' s the last he painted, you know," Mrs. Gisburn said with pardonable pride.`,
    );
  });

  it("encodes and decodes with the second tokenizer", () => {
    const tokenizer = new SimpleTokenizerV2(buildVocabulary(text, SPECIAL));
    const ids = tokenizer.encode("Hello, do you like tea? <|endoftext|> In the sunlit terraces of the palace.");
    expect([...ids]).toEqual([1131, 5, 355, 1126, 628, 975, 10, 1130, 55, 988, 956, 984, 722, 988, 1131, 7]);
    expect(tokenizer.decode(ids)).toBe(
      "<|unk|>, do you like tea? <|endoftext|> In the sunlit terraces of the <|unk|>.",
    );
  });
});
