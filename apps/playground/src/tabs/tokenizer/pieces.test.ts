import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { expect, test } from "vitest";
import { groupsOf, hex, textOf } from "./pieces.ts";

const tokenizer = await gpt2Tokenizer();
const tokensOf = (text: string) =>
  Array.from(tokenizer.encode(text), (id) => ({ id, bytes: tokenizer.tokenBytes(id) }));

test("the fragments of a character stand together", () => {
  const groups = groupsOf(tokensOf("我说你好"));
  const ids = groups.flatMap(({ pieces }) => pieces.map(({ id }) => id));
  expect(ids).toEqual([22755, 239, 46237, 112, 19526, 254, 25001, 121]);
  expect(groups.map(({ text }) => text)).toEqual(["我", "说", "你", "好"]);
  expect(groups[1]!.pieces.map(({ from, to }) => [from, to])).toEqual([
    [3, 5],
    [5, 6],
  ]);
});

test("whole words are groups of their own, and text is kept", () => {
  const text = "Every effort 🐢!";
  const groups = groupsOf(tokensOf(text));
  expect(groups.map((group) => group.text).join("")).toBe(text);
  expect(groups[0]!.pieces).toHaveLength(1);
});

test("a fragment has no text, but bytes", () => {
  expect(textOf(Uint8Array.of(0x20, 0x61))).toBe(" a");
  expect(textOf(Uint8Array.of(0xe6, 0x88))).toBeUndefined();
  expect(hex(Uint8Array.of(0xe6, 0x88))).toBe("E6 88");
  expect(hex(Uint8Array.of(0, 255))).toBe("00 FF");
});
