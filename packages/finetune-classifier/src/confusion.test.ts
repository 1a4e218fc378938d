import { describe, expect, it } from "vitest";
import { confusion } from "./confusion.ts";

describe("confusion", () => {
  const labels = ["a", "b", "c"];

  it("counts by class, with precision and recall", () => {
    const actual = ["a", "a", "a", "b", "b", "b"];
    const predicted = ["a", "a", "b", "b", "a", "b"];
    const found = confusion(labels, actual, predicted);
    expect(found.table).toEqual([
      [2, 1, 0],
      [1, 2, 0],
      [0, 0, 0],
    ]);
    expect(found.accuracy).toBeCloseTo(4 / 6, 12);
    expect(found.classes[0]).toEqual({ label: "a", count: 3, precision: 2 / 3, recall: 2 / 3 });
    expect(found.classes[2]).toEqual({ label: "c", count: 0, precision: Number.NaN, recall: Number.NaN });
  });

  it("refuses lists that do not fit together, and unknown classes", () => {
    expect(() => confusion(labels, ["a"], [])).toThrow("1 classes and 0 predictions");
    expect(() => confusion(labels, ["d"], ["a"])).toThrow('"d" is none of a, b, c');
    expect(() => confusion(labels, ["a"], ["d"])).toThrow('"d" is none of a, b, c');
  });
});
