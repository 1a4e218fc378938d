import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { duplicatesToRemove, findNearDuplicates } from "./near-duplicates.ts";

/** What fixtures/finetune-instruct/make_formats.py writes: similarities by scikit-learn. */
const { texts, similarities } = JSON.parse(
  await readFile(new URL("../../../fixtures/finetune-instruct/formats.json", import.meta.url), "utf8"),
) as { readonly texts: string[]; readonly similarities: number[][] };

describe("findNearDuplicates", () => {
  it.each([0.9, 0.75, 0.3, 0.02])("finds what scikit-learn finds, threshold %d", (threshold) => {
    const expected = similarities
      .flatMap((row, first) => row.map((similarity, second) => ({ first, second, similarity })))
      .filter(({ first, second, similarity }) => second > first && similarity > threshold);
    expect(expected.length).toBeGreaterThan(2);
    const close = expected.map((pair) => ({ ...pair, similarity: expect.closeTo(pair.similarity, 6) }));
    expect(findNearDuplicates(texts, threshold)).toEqual(close);
  });

  it("finds equal texts however strict it is, and no empty ones", () => {
    expect(findNearDuplicates(["One, two.", "", "Three.", "one two", ""], 1)).toEqual([
      { first: 0, second: 3, similarity: expect.closeTo(1, 9) },
    ]);
    expect(findNearDuplicates([])).toEqual([]);
  });

  it("agrees with comparing every pair, on many texts", () => {
    const words = ["harbour", "lamp", "goat", "honey", "rope", "island", "letter", "salt"];
    let state = 7;
    const next = (n: number): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % n;
    const many = Array.from({ length: 300 }, () => Array.from({ length: 4 }, () => words[next(8)]).join(" "));
    const strict = findNearDuplicates(many, 0.9);
    const all = findNearDuplicates(many, 1e-6); // prunes nothing
    expect(all.length).toBe((300 * 299) / 2);
    expect(strict).toEqual(all.filter(({ similarity }) => similarity >= 0.9));
    expect(strict.length).toBeGreaterThan(20);
  });

  it("refuses a threshold outside its range", () => {
    for (const threshold of [0, -1, 1.1, Number.NaN]) {
      expect(() => findNearDuplicates(["a"], threshold)).toThrow(expect.objectContaining({ code: "INSTRUCT_OPTION" }));
    }
  });

  it("is not troubled by a message of a megabyte", () => {
    const long = "All work and no play. ".repeat(48_000);
    expect(findNearDuplicates([long, "All work.", long])).toHaveLength(1);
  });
});

it("keeps the first of each group, and those near to one that is gone", () => {
  const pair = (first: number, second: number) => ({ first, second, similarity: 0.95 });
  expect(duplicatesToRemove([pair(0, 2), pair(0, 5), pair(2, 5), pair(5, 7)])).toEqual(new Set([2, 5]));
});
