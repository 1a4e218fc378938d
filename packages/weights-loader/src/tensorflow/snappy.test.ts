import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decompressSnappy } from "./snappy.ts";

const pieces = JSON.parse(
  readFileSync(new URL("../../../../fixtures/gpt2-weights/snappy.json", import.meta.url), "utf8"),
) as { plain: string; packed: string }[];

it("undoes the reference compressor", () => {
  for (const { plain, packed } of pieces) {
    expect(Buffer.from(decompressSnappy(Buffer.from(packed, "base64"))).toString("base64")).toBe(plain);
  }
});

it("knows the forms that the reference compressor rarely writes", () => {
  const text = (...packed: number[]): string => Buffer.from(decompressSnappy(Uint8Array.from(packed))).toString();
  expect(text(8, 0x04, 0x61, 0x62, 0x17, 2, 0, 0, 0)).toBe("abababab"); // a copy with 4 bytes of offset, over itself
  expect(text(3, 60 << 2, 2, 0x61, 0x62, 0x63)).toBe("abc"); // a literal whose length is a byte of its own
  expect(text(3, 63 << 2, 2, 0, 0, 0, 0x61, 0x62, 0x63)).toBe("abc"); // … four bytes
});

it.each([
  ["nothing at all", []],
  ["a length without data", [5]],
  ["a length that is out of all proportion", [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x61]],
  ["a literal longer than the input", [3, 0x08, 0x61]],
  ["a literal longer than the output", [1, 0x04, 0x61, 0x62]],
  ["a literal whose length is cut off", [3, 61 << 2, 1]],
  ["a copy before anything is there", [4, 0x01, 1]],
  ["a copy from before the start", [8, 0x00, 0x61, 0x01, 9]],
  ["a copy from nowhere", [8, 0x00, 0x61, 0x01, 0]],
  ["a copy longer than the output", [2, 0x00, 0x61, 0x01, 1]],
  ["an offset that is cut off", [8, 0x00, 0x61, 0x02, 1]],
])("refuses %s", (_, packed) => {
  expect(() => decompressSnappy(Uint8Array.from(packed))).toThrow(Error);
});
