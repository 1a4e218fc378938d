import { expect, it } from "vitest";
import { KeyValueStore } from "./key-value-store.ts";

const SHAPE = { nLayers: 2, nHeads: 2, headDim: 3 };

/** Appends `count` tokens to a row, whose numbers tell row, token, head and place in the head. */
function append(store: KeyValueStore, row: number, count: number): void {
  const { nLayers, nHeads, headDim } = SHAPE;
  store.makeRoom([row], count);
  const at = store.lengths[row]!;
  const keys = new Float32Array(nHeads * headDim * count);
  const values = new Float32Array(nHeads * headDim * count);
  for (let i = 0; i < nHeads * headDim; i++) {
    for (let token = 0; token < count; token++) {
      const number = 1e4 * row + 10 * (at + token) + i;
      keys[i * count + token] = number;
      values[(Math.floor(i / headDim) * count + token) * headDim + (i % headDim)] = -number;
    }
  }
  for (let layer = 0; layer < nLayers; layer++) store.write(layer, row, { keys, values, source: 0, count });
  store.lengths[row]! += count;
}

/** Whether row `row` holds what {@link append} gave the row that was `was`. */
function holds(store: KeyValueStore, row: number, was: number): boolean {
  const { nHeads, headDim } = SHAPE;
  const [keys, values, places] = [store.keys(1, row, 1), store.values(1, row, 1), store.places];
  for (let i = 0; i < nHeads * headDim; i++) {
    for (let token = 0; token < store.lengths[row]!; token++) {
      const number = 1e4 * was + 10 * token + i;
      const ofValues = values[(Math.floor(i / headDim) * places + token) * headDim + (i % headDim)];
      if (keys[i * places + token] !== number || ofValues !== -number) return false;
    }
  }
  return true;
}

it("keeps rows whole while they grow, and gives places back when the long one has gone", () => {
  const store = new KeyValueStore(SHAPE);
  store.addRow();
  store.addRow();
  append(store, 0, 3);
  append(store, 1, 60);
  append(store, 1, 140);
  append(store, 0, 1);
  expect(store.places).toBe(256);
  expect([holds(store, 0, 0), holds(store, 1, 1)]).toEqual([true, true]);

  store.removeRow(1);
  append(store, 0, 1);
  expect(store.places).toBe(64);
  expect([store.lengths, holds(store, 0, 0)]).toEqual([[5], true]);
});

it("lets the last row take the place of one that goes, and repeats rows that are chosen twice", () => {
  const store = new KeyValueStore(SHAPE);
  for (const row of [0, 1, 2]) append(store, store.addRow(), 2 + row);
  store.removeRow(0);
  expect([store.lengths, holds(store, 0, 2), holds(store, 1, 1)]).toEqual([[4, 3], true, true]);
  store.select([1, 1, 0]);
  expect([store.lengths, [1, 1, 2].map((was, row) => holds(store, row, was))]).toEqual([
    [3, 3, 4],
    [true, true, true],
  ]);
});
