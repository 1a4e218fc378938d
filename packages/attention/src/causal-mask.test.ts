import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { causalMask, MASKED } from "./causal-mask.ts";

it("lets a token see itself and its past", () => {
  expect(causalMask(3).arraySync()).toEqual([
    [0, MASKED, MASKED],
    [0, 0, MASKED],
    [0, 0, 0],
  ]);
});

it("puts cached tokens before the queries", () => {
  expect(causalMask(2, 4).arraySync()).toEqual([
    [0, 0, 0, MASKED],
    [0, 0, 0, 0],
  ]);
});

it("keeps one mask per length, outlives a tidy, and holds a bounded number", () => {
  const first = tf.tidy(() => causalMask(5));
  expect(causalMask(5)).toBe(first);
  expect(first.isDisposed).toBe(false);

  for (let length = 10; length < 30; length++) causalMask(length);
  const before = tf.memory().numTensors;
  for (let length = 30; length < 60; length++) causalMask(length);
  expect(tf.memory().numTensors).toBe(before);
  expect(first.isDisposed).toBe(true);
});
