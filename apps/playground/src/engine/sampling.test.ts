import { Generator } from "@scratch-llm/nn";
import { expect, it } from "vitest";
import type { SamplingOptions } from "./protocol.ts";
import { drawToken, filterLogits } from "./sampling.ts";

const LOGITS = new Generator(7).normal(50_257, 0, 3);
const sumOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);

it.each([
  { temperature: 1 },
  { temperature: 0 },
  { temperature: 0.7, topK: 50 },
  { temperature: 1.3, topP: 0.9 },
  { temperature: 1, minP: 0.05 },
  { temperature: 2, topK: 100, topP: 0.95, minP: 0.01 },
] as SamplingOptions[])("keeps probabilities that sum to 1: %o", (options) => {
  const { before, after, kept } = filterLogits(LOGITS, options);
  expect(Math.abs(sumOf(before) - 1)).toBeLessThan(1e-6);
  expect(Math.abs(sumOf(after) - 1)).toBeLessThan(1e-6);
  expect(Math.abs(kept.reduce((sum, id) => sum + after[id]!, 0) - 1)).toBeLessThan(1e-6);
  expect(kept[0]).toBe(LOGITS.indexOf(Math.max(...LOGITS)));
  expect(kept.length).toBeLessThanOrEqual(options.topK ?? LOGITS.length);
});

it("draws the same token with the same seed, and different ones with others", () => {
  const filtered = filterLogits(LOGITS, { temperature: 1.5, topK: 500 });
  const drawn = Array.from({ length: 50 }, (_, seed) => drawToken(filtered, seed));
  expect(drawn).toEqual(Array.from({ length: 50 }, (_, seed) => drawToken(filtered, seed)));
  expect(new Set(drawn).size).toBeGreaterThan(5);
  for (const id of drawn) expect(filtered.kept).toContain(id);
  expect(drawToken(filterLogits(LOGITS, { temperature: 0 }), 1)).toBe(filtered.kept[0]);
});
