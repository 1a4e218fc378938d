import { describe, expect, it } from "vitest";
import { exactMatch, rougeL } from "./string-metrics.ts";

it("takes responses for equal up to white space alone", () => {
  expect(exactMatch(" The cat\n sat. ", "The cat sat.")).toBe(true);
  expect(exactMatch("the cat sat.", "The cat sat.")).toBe(false);
});

describe("rougeL", () => {
  it.each([
    ["The cat sat.", "the cat sat!", 1],
    ["The cat sat there.", "The cat sat.", 6 / 7],
    ["sat cat the", "the cat sat", 1 / 3],
    ["police killed the gunman", "police kill the gunman", 6 / 8],
    ["", "word", 0],
    ["", "", 1],
    ["昨天邮差送信了。", "昨天邮差送了信。", 12 / 14],
    ["学堂 is school", "学堂就是 school", 6 / 9],
  ])("%j against %j: %d", (response, expected, score) => {
    expect(rougeL(response, expected)).toBeCloseTo(score, 10);
    expect(rougeL(expected, response)).toBeCloseTo(score, 10);
  });
});
