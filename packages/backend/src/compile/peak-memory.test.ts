import { TestGraph } from "@test/graph.ts";
import { expect, test } from "vitest";
import type { Value } from "./graph.ts";
import { peakMemory } from "./peak-memory.ts";

const KB = 1024;

/** Values of 1 KB. */
function peakOf(build: (g: TestGraph, x: Value) => Value | Value[]): number {
  const g = new TestGraph();
  return peakMemory(g.returning(...[build(g, g.input(16, 16))].flat())) / KB;
}

test("a chain holds its input and its output, or only one of them where it works in place", () => {
  expect(peakOf((g, x) => g.op("Softmax", g.op("Softmax", g.op("Softmax", x))))).toBe(2);
  expect(peakOf((g, x) => g.op("Exp", g.op("Exp", g.op("Exp", x))))).toBe(1);
});

test("what is used later is held until then", () => {
  expect(
    peakOf((g, x) => {
      const early = g.op("Softmax", x);
      return g.op("Mul", g.op("Softmax", g.op("Softmax", g.op("Softmax", x))), early);
    }),
  ).toBe(3);
});

test("results are held to the end; what nobody uses is not", () => {
  expect(peakOf((g, x) => [g.op("Exp", x), g.op("Exp", x), g.op("Exp", x)])).toBe(3);
  expect(
    peakOf((g, x) => {
      for (let i = 0; i < 5; i++) g.op("Exp", x);
      return g.op("Log", x);
    }),
  ).toBe(1);
});

test("a reshape takes nothing, and holds what it shows", () => {
  expect(
    peakOf((g, x) => {
      const view = g.op("Reshape", g.op("Softmax", x), g.builder.ints([256]));
      return g.op("Mul", g.op("Reshape", g.op("Softmax", x), g.builder.ints([256])), view);
    }) - peakOf((g, x) => g.op("Mul", g.op("Softmax", x), g.op("Softmax", x))),
  ).toBeLessThan(0.1); // the shape itself
});
