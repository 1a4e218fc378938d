import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import { useTestBackend } from "@test/backend.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { splitText, textToTokenIds, tokenIdsToText } from "./text.ts";

beforeAll(() => useTestBackend("cpu"));

describe("textToTokenIds and tokenIdsToText", () => {
  it("turn text to one row of ids and back, <|endoftext|> included", async () => {
    const tokenizer = await gpt2Tokenizer();
    const ids = textToTokenIds("Every effort moves you<|endoftext|>", tokenizer);
    expect(ids.dtype).toBe("int32");
    expect(await ids.array()).toEqual([[6109, 3626, 6100, 345, 50_256]]);
    expect(await tokenIdsToText(ids, tokenizer)).toBe("Every effort moves you<|endoftext|>");
    tf.dispose(ids);
  });
});

describe("splitText", () => {
  it("cuts where Python's text[:int(ratio * len(text))] does", () => {
    expect(splitText("0123456789a", 0.9)).toEqual({ train: "012345678", val: "9a" });
    expect(splitText("abc", 0)).toEqual({ train: "", val: "abc" });
    expect(splitText("abc", 1)).toEqual({ train: "abc", val: "" });
  });

  it("counts code points, and never cuts a surrogate pair", () => {
    expect(splitText("🙂🙂🙂🙂ab", 0.5)).toEqual({ train: "🙂🙂🙂", val: "🙂ab" });
    expect(splitText("汉字🙂x", 0.75)).toEqual({ train: "汉字🙂", val: "x" });
    expect(splitText("\ud83da\ude42b", 0.5)).toEqual({ train: "\ud83da", val: "\ude42b" }); // lone halves count as one
  });

  it("refuses a ratio outside 0 … 1", () => {
    for (const ratio of [-0.1, 1.1, Number.NaN]) expect(() => splitText("abc", ratio)).toThrow(RangeError);
  });
});
