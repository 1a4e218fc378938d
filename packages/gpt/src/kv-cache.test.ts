import { Generator } from "@scratch-llm/nn";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import type { GPTConfig } from "./config.ts";
import { GPTModel } from "./gpt-model.ts";
import { KVCache } from "./kv-cache.ts";

const CONFIG: GPTConfig = {
  vocabSize: 31,
  contextLength: 10,
  embDim: 12,
  nHeads: 3,
  nLayers: 2,
  dropRate: 0,
  qkvBias: false,
};
const model = new GPTModel(CONFIG, { generator: new Generator(3) }).eval();
const LONG = [4, 8, 15, 16, 23, 2];
const SHORT = [30, 0, 9];

const row = (ids: number[]): tf.Tensor2D => tf.tensor2d(ids, [1, ids.length], "int32");
const alone = (ids: number[]): Float32Array => model.forward(row(ids), { lastOnly: true }).dataSync() as Float32Array;

/** A cache that has seen LONG and, padded to the same length, SHORT. */
function filledCache(): KVCache {
  const cache = new KVCache(CONFIG.nLayers, { padding: Int32Array.of(0, 3) });
  model.forward(tf.concat([row(LONG), row([0, 0, 0, ...SHORT])], 0) as tf.Tensor2D, { cache });
  return cache;
}

/** The next logits of every row of the cache after it has seen `ids`. */
function next(cache: KVCache, ids: number[]): Float32Array[] {
  const logits = model.forward(tf.tensor2d(ids, [ids.length, 1], "int32"), { cache }).reshape([ids.length, 31]);
  return tf.unstack(logits).map((values) => values.dataSync() as Float32Array);
}

it("treats padded rows as if each were alone", () => {
  const cache = filledCache();
  const [long, short] = next(cache, [5, 6]);
  expectClose(long ?? [], alone([...LONG, 5]), { absolute: 1e-5 });
  expectClose(short ?? [], alone([...SHORT, 6]), { absolute: 1e-5 });
});

it("reorders, repeats and drops rows, and sheds padding that no row needs any more", () => {
  const cache = filledCache();
  cache.select(Int32Array.of(1, 0, 1));
  const logits = next(cache, [6, 5, 7]);
  expectClose(logits[0] ?? [], alone([...SHORT, 6]), { absolute: 1e-5 });
  expectClose(logits[1] ?? [], alone([...LONG, 5]), { absolute: 1e-5 });
  expectClose(logits[2] ?? [], alone([...SHORT, 7]), { absolute: 1e-5 });

  cache.select(Int32Array.of(2));
  expect(cache.length).toBe(4);
  expectClose(next(cache, [8])[0] ?? [], alone([...SHORT, 7, 8]), { absolute: 1e-5 });
});

it.each([5, 2])("goes back to the first %d tokens of every row", (n) => {
  const cache = filledCache();
  cache.truncate(n);
  expect(cache.length).toBe(n);
  const [long, short] = next(cache, [5, 6]);
  expectClose(long ?? [], alone([...LONG.slice(0, n), 5]), { absolute: 1e-5 });
  expectClose(short ?? [], alone([...SHORT.slice(0, n), 6]), { absolute: 1e-5 });
});

it("frees everything it holds", () => {
  tf.tidy(() => filledCache().dispose()); // makes the masks
  const before = tf.memory().numTensors;
  tf.engine().startScope();
  const cache = filledCache();
  cache.select(Int32Array.of(1, 1));
  cache.truncate(2);
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(before + 2 * CONFIG.nLayers);
  cache.dispose();
  expect(tf.memory().numTensors).toBe(before);
  expect(cache.length).toBe(0);
});
