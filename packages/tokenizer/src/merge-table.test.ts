import { describe, expect, it } from "vitest";
import { Lcg } from "@test/generated-strings.ts";
import { MergeTable } from "./merge-table.ts";

describe("MergeTable", () => {
  it("joins by the order of learning, not from left to right", () => {
    const table = new MergeTable();
    table.add(1, 2, 10); // b c
    table.add(0, 1, 11); // a b
    expect(table.apply([0, 1, 2])).toEqual([0, 10]);
  });

  it("joins the leftmost of equal pairs", () => {
    const table = new MergeTable();
    table.add(0, 0, 1);
    expect(table.apply([0, 0, 0])).toEqual([1, 0]);
    expect(table.apply(Array.from({ length: 41 }, () => 0))).toEqual([...Array.from({ length: 20 }, () => 1), 0]);
  });

  it("leaves nothing, one symbol and symbols without a rule as they are", () => {
    const table = new MergeTable();
    table.add(0, 1, 2);
    expect(table.apply([])).toEqual([]);
    expect(table.apply([0])).toEqual([0]);
    expect(table.apply([1, 0, 5])).toEqual([1, 0, 5]);
  });

  it("gives long words what it gives short ones, whatever the rules", () => {
    const lcg = new Lcg(7);
    for (let round = 0; round < 50; round++) {
      const table = new MergeTable();
      const separator = -2; // never part of a rule, so that words beside each other do not touch
      for (let id = 3; id < 40; id++) table.add(lcg.pick(id), lcg.pick(id), id);
      const words = Array.from({ length: 20 }, () => Array.from({ length: lcg.pick(33) }, () => lcg.pick(3)));
      const joined = table.apply(words.flatMap((word) => [...word, separator]));
      expect(joined).toEqual(words.flatMap((word) => [...table.apply(word), separator]));
    }
  });
});
