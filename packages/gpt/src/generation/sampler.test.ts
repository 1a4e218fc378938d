import { expect, it } from "vitest";
import { GenerateOptionsError } from "../errors.ts";
import type { GenerateOptions } from "./generate-options.ts";
import { logitsProcessors, Sampler } from "./sampler.ts";
import { topIndices } from "./top-indices.ts";

/** The toy vocabulary of book section 5.3: closer every effort forward inches moves pizza toward you. */
const LOGITS = Float32Array.of(4.51, 0.89, -1.9, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79);
const CONTEXT = { ids: [0], promptLength: 1 };

function counts(options: GenerateOptions, samples = 1000): number[] {
  const sampler = new Sampler({ seed: 123, ...options });
  const result = Array.from(LOGITS, () => 0);
  for (let i = 0; i < samples; i++) {
    const id = sampler.pick(LOGITS, CONTEXT);
    result[id] = (result[id] ?? 0) + 1;
  }
  return result;
}

it("samples section 5.3.1's thousand tokens with seed 123 at every temperature", () => {
  expect(counts({ temperature: 1 })).toEqual([73, 0, 0, 582, 2, 0, 0, 343, 0]);
  expect(counts({ temperature: 0.1 })).toEqual([0, 0, 0, 985, 0, 0, 0, 15, 0]);
  expect(counts({ temperature: 5 })).toEqual([165, 75, 42, 239, 71, 46, 32, 227, 103]);
});

it("takes the most likely token without a temperature, and the first of equal ones", () => {
  expect(counts({}, 10)[3]).toBe(10);
  expect(new Sampler({}).pick(Float32Array.of(1, 7, 7, 2), CONTEXT)).toBe(1);
});

it("never samples what top-k leaves out", () => {
  const sampled = counts({ temperature: 5, topK: 3 });
  expect(sampled.flatMap((count, i) => (count > 0 ? [i] : []))).toEqual([0, 3, 7]);
});

it("leaves every token in with top-p 1, one too rare for the sum as well", () => {
  const isPossible = (topP: number): boolean[] => {
    const processors = logitsProcessors({ temperature: 1, topP });
    const logits = processors.reduce<Float32Array>(
      (values, process) => process(values, CONTEXT),
      Float32Array.of(0, -40),
    );
    return Array.from(logits, (logit) => Number.isFinite(logit));
  };
  expect(isPossible(1)).toEqual([true, true]);
  expect(isPossible(0.999)).toEqual([true, false]);
});

it("gives each row of a batch its own stream", () => {
  const draw = (seed: number, row: number): number[] => {
    const sampler = new Sampler({ temperature: 5, seed }, row);
    return Array.from({ length: 30 }, () => sampler.pick(LOGITS, CONTEXT));
  };
  expect(draw(123, 1)).not.toEqual(draw(123, 0));
  expect(draw(123, 1)).toEqual(draw(124, 0));
  const unseeded = new Sampler({ temperature: 5 });
  expect(Array.from({ length: 30 }, () => unseeded.pick(LOGITS, CONTEXT))).toEqual(draw(123, 0));
});

it("says so when no token is left", () => {
  const sampler = new Sampler({ noRepeatNgramSize: 1 });
  expect(() => sampler.pick(Float32Array.of(1, 2), { ids: [0, 1], promptLength: 1 })).toThrow(GenerateOptionsError);
});

it("finds the largest values, the first of equal ones first", () => {
  expect(topIndices([3, 9, 1, 9, 5], 3)).toEqual([1, 3, 4]);
  expect(topIndices([3, 9], 5)).toEqual([1, 0]);
  expect(topIndices([3, 9], 0)).toEqual([]);
  expect(topIndices([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY], 1)).toEqual([0]);
});
