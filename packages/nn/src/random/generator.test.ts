import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../errors.ts";
import { defaultGenerator, Generator, manualSeed } from "./generator.ts";

interface Fixture {
  random64: { sha256: string };
  uniform: { n: number; low: number; high: number; sha256: string }[];
  normal: { sizes: number[]; mean?: number; std?: number; sha256: string; next: number }[];
  randint: { low: number; high: number; values: number[] }[];
  randperm: { n: number; sha256: string; next: number }[];
  dropout: { rate: number; before: number; sha256: string; next: number }[];
  multinomial: { name: string; probs?: number[]; uniform?: number; draws: number[] }[];
}

const FIXTURE = new URL("../../../../fixtures/nn/generator.json", import.meta.url);
const torch = JSON.parse(readFileSync(FIXTURE, "utf8")) as Fixture;

function sha256(...parts: ArrayBufferView[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest("hex");
}

describe("raw draws", () => {
  test("the first words of seed 123", () => {
    const generator = new Generator(123);
    expect([1, 2, 3, 4].map(() => generator.random())).toEqual([2991312382, 3062119789, 1228959102, 1840268610]);
    expect(new Generator(123).random64()).toBe(12847588855871978861n);
  });

  test("1,000 64-bit integers equal torch's", () => {
    const generator = new Generator(123);
    const values = BigInt64Array.from(
      { length: 1000 },
      () => BigInt.asIntN(63, generator.random64()) & (2n ** 63n - 1n),
    );
    expect(sha256(values)).toBe(torch.random64.sha256);
  });

  test("only the low 32 bits of a seed count, and negative seeds work", () => {
    expect(new Generator(2 ** 32 + 5).random()).toBe(new Generator(5).random());
    expect(new Generator(-1).random()).toBe(new Generator(2 ** 32 - 1).random());
  });
});

test.each(torch.uniform)("uniform($n, $low, $high) equals torch's to the bit", ({ n, low, high, sha256: expected }) => {
  const generator = new Generator(123);
  expect(sha256(generator.uniform(n, low, high))).toBe(expected);
  expect(generator.position).toBe(n);
});

test.each(torch.normal)(
  "normal of $sizes equals torch's to the bit",
  ({ sizes, mean, std, sha256: expected, next }) => {
    const generator = new Generator(123);
    const parts = sizes.map((n) => generator.normal(n, mean, std));
    expect(sha256(...parts)).toBe(expected);
    expect(generator.uniform(1)[0]).toBe(next);
  },
);

test.each(torch.randint)("randint($low, $high) equals torch's", ({ low, high, values }) => {
  const generator = new Generator(123);
  expect(values.map(() => generator.randint(low, high))).toEqual(values);
});

test.each(torch.randperm)("randperm($n) equals torch's", ({ n, sha256: expected, next }) => {
  const generator = new Generator(123);
  expect(sha256(generator.randperm(n))).toBe(expected);
  expect(generator.uniform(1)[0]).toBe(next);
});

describe("dropoutMask", () => {
  test.each(torch.dropout)(
    "rate $rate after $before draws equals torch's",
    ({ rate, before, sha256: expected, next }) => {
      const generator = new Generator(123);
      generator.uniform(before);
      const mask = generator.dropoutMask(5000, rate);
      expect(sha256(mask)).toBe(expected);
      expect(generator.uniform(1)[0]).toBe(next);
    },
  );

  test("a tie of the high word is decided by the low one", () => {
    // Just above and at the first uniform number of the stream: its own value is not below itself.
    const draws = new Generator(123);
    const first = Number(((BigInt(draws.random()) & 0x1fffffn) << 32n) | BigInt(draws.random())) * 2 ** -53;
    const below = 1 - first;
    expect(1 - below).toBe(first);
    expect(new Generator(123).dropoutMask(1, below)[0]).toBe(0);
    expect(new Generator(123).dropoutMask(1, below - 2 ** -52)[0]).toBeGreaterThan(1);
  });

  test("no draws for rates 0 and 1", () => {
    const generator = new Generator(1);
    generator.dropoutMask(100, 0);
    generator.dropoutMask(100, 1);
    expect(generator.position).toBe(0);
  });
});

describe("multinomial", () => {
  test.each(torch.multinomial)("$name: draws equal torch's", ({ probs, uniform, draws }) => {
    const generator = new Generator(123);
    const weights = probs ?? generator.uniform(uniform as number);
    expect(draws.map(() => generator.multinomial(weights))).toEqual(draws);
  });

  test("counts of 1,000 draws are those the book prints (section 5.3.1)", () => {
    const logits = [4.51, 0.89, -1.9, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79];
    const count = (temperature: number): number[] => {
      const weights = logits.map((logit) => Math.exp(logit / temperature));
      const total = weights.reduce((a, b) => a + b);
      const generator = new Generator(123);
      const counts = logits.map(() => 0);
      for (let i = 0; i < 1000; i++) {
        const drawn = generator.multinomial(weights.map((w) => w / total));
        counts[drawn] = (counts[drawn] as number) + 1;
      }
      return counts;
    };
    expect(count(1)).toEqual([73, 0, 0, 582, 2, 0, 0, 343, 0]);
    expect(count(0.1)).toEqual([0, 0, 0, 985, 0, 0, 0, 15, 0]);
    expect(count(5)).toEqual([165, 75, 42, 239, 71, 46, 32, 227, 103]);
  });

  test.each([[[]], [[0, 0]], [[1, Number.NaN]], [[1, -1]], [[1, Infinity]]])("refuses %j", (probs) => {
    expect(() => new Generator(1).multinomial(probs)).toThrow(ArgumentError);
  });
});

describe("state", () => {
  test("goes on with the same draws, the cached normal and the position included", () => {
    const generator = new Generator(7);
    generator.uniform(700);
    generator.normal(3); // leaves half a pair
    const state = generator.getState();
    const draw = (from: Generator): unknown[] => [from.normal(1), from.random(), from.uniform(2000), from.position];
    const expected = draw(generator);
    const other = new Generator(1);
    other.setState(state);
    expect(draw(other)).toEqual(expected);
  });

  test("a saved state is a copy", () => {
    const generator = new Generator(7);
    const state = generator.getState();
    const first = generator.random();
    generator.uniform(5000);
    generator.setState(state);
    expect(generator.random()).toBe(first);
  });

  test("seeding drops the cached normal and the position", () => {
    const generator = new Generator(7);
    const [first] = generator.normal(1);
    generator.manualSeed(7);
    expect(generator.position).toBe(0);
    expect(generator.normal(1)[0]).toBe(first);
  });

  test("refuses what is no state", () => {
    const state = new Generator(1).getState();
    expect(() => new Generator(1).setState(state.subarray(1))).toThrow(/2516 bytes, got 2515/);
    expect(() => new Generator(1).setState(new Uint8Array(state.length).fill(255))).toThrow(ArgumentError);
  });
});

test("manualSeed seeds the default generator", () => {
  manualSeed(123);
  expect(defaultGenerator.random()).toBe(2991312382);
});

test("bad arguments are refused", () => {
  const generator = new Generator(1);
  expect(() => new Generator(1.5)).toThrow("Seed must be a whole number, got 1.5.");
  expect(() => generator.randint(3, 3)).toThrow(ArgumentError);
  expect(() => generator.dropoutMask(3, 1.1)).toThrow("Dropout rate must be between 0 and 1, got 1.1.");
  expect(() => generator.uniform(-1)).toThrow(ArgumentError);
  expect(() => generator.randperm(2.5)).toThrow(ArgumentError);
});
