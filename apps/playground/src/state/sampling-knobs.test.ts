import { signal } from "@preact/signals";
import { expect, it } from "vitest";
import { filterLogits } from "../engine/sampling.ts";
import { resetKnobs, samplingOf, samplingParams } from "./sampling-knobs.ts";

const { temperature, topK, topP, minP } = samplingParams({ temperature: 0.8, topK: 40 });
const knobs = {
  temperature: signal(temperature.fallback),
  topK: signal(topK.fallback),
  topP: signal(topP.fallback),
  minP: signal(minP.fallback),
};

it("says what was turned, and no more", () => {
  expect(samplingOf(knobs)).toEqual({ temperature: 0.8, topK: 40 });
});

it("excludes no token where nothing is turned, not even the rarest", () => {
  resetKnobs(knobs);
  const logits = Float32Array.from({ length: 1536 }, (_, i) => 12 * Math.sin(i));
  expect(filterLogits(logits, samplingOf(knobs)).kept).toHaveLength(1536);
});
