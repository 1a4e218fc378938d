import { describe, expect, it } from "vitest";
import { generatedStrings, Lcg } from "@test/generated-strings.ts";
import { preTokenize, wholeWords } from "./pre-tokenize.ts";

describe("preTokenize", () => {
  it("keeps one space with the word after it and leaves the rest of the white space alone", () => {
    expect([...preTokenize("It's 2 lines\n\n  long ")]).toEqual(["It", "'s", " 2", " lines", "\n\n ", " long", " "]);
  });

  it("splits letters, digits and other signs of any script", () => {
    expect([...preTokenize("我说2024年，你好！ café👍ab")]).toEqual([
      ..."我说 2024 年 ， 你好 ！".split(" "),
      " café",
      "👍",
      "ab",
    ]);
  });

  it("counts U+0085 as white space and U+FEFF as a sign, unlike JavaScript's \\s", () => {
    expect([...preTokenize("a\u0085b\u0085\u0085c")]).toEqual(["a", "\u0085", "b", "\u0085", "\u0085", "c"]);
    expect([...preTokenize("\ufeff!\u00a0 x")]).toEqual(["\ufeff!", "\u00a0", " x"]);
  });

  it("loses nothing", () => {
    for (const text of generatedStrings(500, new Lcg(3))) expect([...preTokenize(text)].join("")).toBe(text);
  });

  it("says so when one word is longer than the pattern matcher can hold", () => {
    const run = () => [...preTokenize("一" + "我".repeat(10_000_000))];
    expect(run).toThrow(expect.objectContaining({ code: "WORD_TOO_LONG" }));
  });
});

describe("wholeWords", () => {
  it("moves the cut to the last place before white space", () => {
    expect([...wholeWords(["The ca", "t sat o", "n the mat"])]).toEqual(["The", " cat sat", " on the", " mat"]);
    expect([...wholeWords(["a", "", " ", " b", "\n"])]).toEqual(["a", "  b", "\n"]);
    expect([...wholeWords(["", "我说", "你好"])]).toEqual(["我说你好"]);
    expect([...wholeWords([])]).toEqual([]);
  });

  it("gives the pre-tokens of the whole text, wherever the chunks were cut", () => {
    const lcg = new Lcg(5);
    for (const text of generatedStrings(500, new Lcg(4))) {
      const chunks: string[] = [];
      for (let at = 0, size = 0; at < text.length; at += size) {
        size = 1 + lcg.pick(12);
        chunks.push(text.slice(at, at + size));
      }
      const pieces = [...wholeWords(chunks)];
      expect(pieces.join("")).toBe(text);
      expect(pieces.flatMap((piece) => [...preTokenize(piece)])).toEqual([...preTokenize(text)]);
    }
  });
});
