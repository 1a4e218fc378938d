import { expect, it } from "vitest";
import {
  countParameters,
  GPT_CONFIG_1558M,
  GPT_CONFIG_124M,
  GPT_CONFIG_355M,
  GPT_CONFIG_774M,
  GPT_CONFIG_TINY,
  validateConfig,
} from "./config.ts";
import type { GPTConfig } from "./config.ts";
import { GPTConfigError } from "./errors.ts";
import { GPTModel } from "./gpt-model.ts";

const MEGABYTE = 1024 * 1024;

it.each([
  ["124M", GPT_CONFIG_124M, 163_009_536, 124_412_160, "621.83"],
  ["355M", GPT_CONFIG_355M, 406_212_608, 354_749_440, "1549.58"],
  ["774M", GPT_CONFIG_774M, 838_220_800, 773_891_840, "3197.56"],
  ["1558M", GPT_CONFIG_1558M, 1_637_792_000, 1_557_380_800, "6247.68"],
])("%s has the book's number of parameters (section 4.6, exercise 4.2)", (_, config, untied, tied, megabytes) => {
  expect(countParameters(config)).toBe(untied);
  expect(countParameters({ ...config, tieWeights: true })).toBe(tied);
  expect(((untied * 4) / MEGABYTE).toFixed(2)).toBe(megabytes);
});

it("counts the parameters of exercise 4.1: feed-forward and attention of one block", () => {
  const config: GPTConfig = { ...GPT_CONFIG_124M, nLayers: 1 };
  const twoNorms = 2 * 2 * 768;
  const block = countParameters({ ...config, nLayers: 2 }) - countParameters(config);
  expect(block).toBe(4_722_432 + 2_360_064 + twoNorms);
});

it.each([
  { qkvBias: false, tieWeights: false },
  { qkvBias: true, tieWeights: false },
  { qkvBias: true, tieWeights: true },
])("counts what a model really has: %o", (options) => {
  const config: GPTConfig = { ...GPT_CONFIG_TINY, vocabSize: 50, embDim: 24, ...options };
  const model = new GPTModel(config);
  expect(countParameters(config)).toBe(model.numParameters());
  model.dispose();
});

it("keeps the tiny model within 2.4 million parameters", () => {
  expect(countParameters(GPT_CONFIG_TINY)).toBeLessThanOrEqual(2_400_000);
});

it.each([
  [{ nHeads: 5 }, "nHeads 5 does not divide embDim 192: choose heads of equal width, such as 4."],
  [{ vocabSize: 0 }, "vocabSize is 0: it must be a whole number of at least 1."],
  [{ contextLength: 12.5 }, "contextLength is 12.5: it must be a whole number of at least 1."],
  [{ nLayers: Number.NaN }, "nLayers is NaN: it must be a whole number of at least 1."],
  [{ dropRate: 1 }, "dropRate is 1: it must be at least 0 and less than 1."],
  [{ dropRate: -0.1 }, "dropRate is -0.1: it must be at least 0 and less than 1."],
])("refuses %o in one line", (change, message) => {
  const config = { ...GPT_CONFIG_TINY, ...change };
  expect(() => validateConfig(config)).toThrow(new GPTConfigError(message));
  expect(() => new GPTModel(config)).toThrow(GPTConfigError);
});
