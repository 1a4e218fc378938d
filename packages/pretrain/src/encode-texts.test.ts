import { trainBPE } from "@scratch-llm/tokenizer";
import { expect, it } from "vitest";
import { encodeSplit, encodeTexts } from "./encode-texts.ts";

const tokenizer = trainBPE([""], { vocabSize: 257 }); // a token per byte, and 0 ends a text
const codes = (text: string): number[] => [...tokenizer.encode(text)];

it("puts the end-of-text token between two texts, and none around one", () => {
  expect([...encodeTexts(["ab"], tokenizer)]).toEqual(codes("ab"));
  expect([...encodeTexts(["ab", "c", "d"], tokenizer)]).toEqual([...codes("ab"), 0, ...codes("c"), 0, ...codes("d")]);
  expect([...encodeTexts(["a<|endoftext|>b"], tokenizer)]).toEqual([...codes("a"), 0, ...codes("b")]);
  const endless = trainBPE([""], { vocabSize: 256, specialTokens: [] });
  expect(encodeTexts(["ab", "c"], endless)).toEqual(endless.encode("abc"));
});

it("splits each text for itself", () => {
  const { train, val } = encodeSplit(["aaaab", "ccccd"], tokenizer, 0.8);
  expect([...train]).toEqual([...codes("aaaa"), 0, ...codes("cccc")]);
  expect([...val]).toEqual([...codes("b"), 0, ...codes("d")]);
});
