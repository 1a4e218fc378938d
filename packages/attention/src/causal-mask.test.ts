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
