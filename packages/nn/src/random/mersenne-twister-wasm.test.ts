import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import wabt from "wabt";
import { Generator } from "./generator.ts";
import { BINARY } from "./mersenne-twister-wasm.ts";

test("the binary is what the source assembles to", async () => {
  const source = readFileSync(new URL("mersenne-twister.wat", import.meta.url), "utf8");
  const { buffer } = (await wabt()).parseWat("mersenne-twister.wat", source, { simd: true }).toBinary({});
  expect(Buffer.from(buffer).toString("base64")).toBe(BINARY);
});

describe("masks by WebAssembly equal those made in small pieces, without it", () => {
  const pieces = (generator: Generator, n: number, rate: number): Float32Array => {
    const mask = new Float32Array(n);
    for (let i = 0; i < n; i += 1000) mask.set(generator.dropoutMask(Math.min(1000, n - i), rate), i);
    return mask;
  };

  test.each([
    [0, 1024],
    [2, 1025],
    [3, 5000],
    [622, 2047],
    [624, 100_003],
    [1000, 300_001],
  ])("after %i draws, %i values", (before, n) => {
    const [whole, parts] = [new Generator(5), new Generator(5)];
    whole.uniform(before);
    parts.uniform(before);
    expect(whole.dropoutMask(n, 0.1)).toEqual(pieces(parts, n, 0.1));
    expect(whole.getState()).toEqual(parts.getState());
  });

  test("where high words tie", () => {
    // Seed 1's draw 5001 decides a mask whose threshold lies just at, and just above, its own number.
    const draws = new Generator(1);
    draws.uniform(10_000);
    const high = BigInt(draws.random()) & 0x1fffffn;
    const number = Number((high << 32n) | BigInt(draws.random()));
    for (const [threshold, kept] of [
      [number, false],
      [number + 1, true],
    ] as const) {
      const rate = 1 - threshold * 2 ** -53;
      expect((1 - rate) * 2 ** 53).toBe(threshold);
      expect((new Generator(1).dropoutMask(8000, rate)[5000] as number) > 0).toBe(kept);
    }
  });
});
