import { Generator } from "@scratch-llm/nn";
import { describe, expect, it } from "vitest";
import { DataLoader, type DataLoaderOptions } from "./data-loader.ts";
import type { Dataset } from "./dataset.ts";
import { CursorMismatchError, LoaderOptionError } from "./errors.ts";

/** A dataset whose samples are their own numbers, and a loader that shows them. */
function indices(length: number, options: DataLoaderOptions): DataLoader<number, number[]> {
  const dataset: Dataset<number> = { length, get: (index) => index };
  return new DataLoader(dataset, { ...options, collate: (items) => [...items] });
}

describe("DataLoader", () => {
  it("gives A.6's batches for seed 123, and those of the next loader", () => {
    const generator = new Generator(123);
    expect([...indices(5, { batchSize: 2, dropLast: false, generator })]).toEqual([[3, 1], [0, 2], [4]]);
    const next = indices(5, { batchSize: 2, generator });
    expect([...next]).toEqual([
      [0, 2],
      [3, 1],
    ]);
    expect(next.length).toBe(2);
  });

  it("gives chapter 5's order of the 18 training windows after the 124M model's initial weights", () => {
    const generator = new Generator(123);
    const [v, d, t] = [50_257, 768, 256];
    const block = 4 * d * d + d + 2 * (4 * d * d) + 4 * d + d; // q, k, v, out_proj with bias; both linears with bias
    for (let draws = 2 * v * d + t * d + 12 * block; draws > 0; draws -= 2 ** 22) {
      generator.uniform(Math.min(draws, 2 ** 22));
    }
    const order = [...indices(18, { batchSize: 2, generator })].flat();
    expect(order).toEqual([5, 14, 15, 13, 10, 9, 16, 7, 2, 8, 6, 11, 3, 4, 17, 12, 1, 0]);
  });

  it("draws a base seed when a pass starts and the order's seed at its first batch", () => {
    const generator = new Generator(1);
    const pass = indices(6, { batchSize: 2, generator }).batches();
    expect(generator.position).toBe(2);
    pass.next();
    expect(generator.position).toBe(4);
    expect([...pass]).toHaveLength(2);
    expect(generator.position).toBe(4);
  });

  it("draws the base seed of an unshuffled pass too, and nothing else", () => {
    const generator = new Generator(1);
    const loader = indices(5, { batchSize: 2, shuffle: false, dropLast: false, generator });
    expect([...loader]).toEqual([[0, 1], [2, 3], [4]]);
    expect(generator.position).toBe(2);
  });

  it("keeps passes apart that run at the same time", () => {
    const generator = new Generator(7);
    const loader = indices(8, { batchSize: 2, generator });
    const alone = [...indices(8, { batchSize: 2, generator: new Generator(7) })];
    const pass = loader.batches();
    const mixed = [pass.next().value];
    for (const batch of loader) if (batch.length > 2) break;
    mixed.push(...pass);
    expect(mixed).toEqual(alone);
  });

  it("has no batch where the dataset does not fill one and the last is dropped", () => {
    const loader = indices(3, { batchSize: 4, generator: new Generator(1) });
    expect(loader.length).toBe(0);
    expect([...loader]).toEqual([]);
  });

  it("refuses a batch size that is no whole number above 0", () => {
    for (const batchSize of [0, -2, 1.5, Number.NaN]) {
      expect(() => indices(4, { batchSize })).toThrow(LoaderOptionError);
    }
  });
});

describe("a saved cursor", () => {
  it("goes on in the middle of an epoch, through JSON, without drawing again", () => {
    for (const shuffle of [true, false]) {
      for (let done = 0; done <= 4; done++) {
        const generator = new Generator(3);
        const pass = indices(9, { batchSize: 2, shuffle, generator }).batches();
        for (let i = 0; i < done; i++) pass.next();
        const cursor = JSON.parse(JSON.stringify(pass.state())) as ReturnType<typeof pass.state>;
        const restored = new Generator(0);
        restored.setState(generator.getState());

        const rest = [...pass];
        expect([...indices(9, { batchSize: 2, shuffle, generator: restored }).resume(cursor)]).toEqual(rest);
        expect(rest).toHaveLength(4 - done);
        expect(restored.position).toBe(generator.position);
      }
    }
  });

  it("is refused by a loader with other data or settings", () => {
    const generator = new Generator(1);
    const cursor = indices(9, { batchSize: 2, generator }).batches().state();
    expect(() => indices(10, { batchSize: 2, generator }).resume(cursor)).toThrow(CursorMismatchError);
    expect(() => indices(9, { batchSize: 3, generator }).resume(cursor)).toThrow(/"batchSize":2.*"batchSize":3/);
    expect(() => indices(9, { batchSize: 2, shuffle: false, generator }).resume(cursor)).toThrow(CursorMismatchError);
    expect(() => indices(9, { batchSize: 2, generator }).resume({ ...cursor, position: 5 })).toThrow(/0 … 4/);
  });
});
