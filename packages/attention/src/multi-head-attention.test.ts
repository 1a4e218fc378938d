import { manualSeed } from "@scratch-llm/nn";
import { bookBatch } from "@test/book-inputs.ts";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { MASKED } from "./causal-mask.ts";
import { ContextLengthError, NumHeadsError } from "./errors.ts";
import { LayerCache } from "./layer-cache.ts";
import { MultiHeadAttention } from "./multi-head-attention.ts";
import { MultiHeadAttentionWrapper } from "./multi-head-attention-wrapper.ts";

const BOOK = { dIn: 3, dOut: 2, contextLength: 6, dropout: 0, numHeads: 2 } as const;
const WIDE = { dIn: 3, dOut: 8, contextLength: 6, dropout: 0, numHeads: 4 } as const;

it("the wrapper gives section 3.6.1's context vectors with seed 123", () => {
  manualSeed(123);
  const context = new MultiHeadAttentionWrapper(BOOK).forward(bookBatch());
  const sentence = [
    [-0.4519, 0.2216, 0.4772, 0.1063],
    [-0.5874, 0.0058, 0.5891, 0.3257],
    [-0.63, -0.0632, 0.6202, 0.386],
    [-0.5675, -0.0843, 0.5478, 0.3589],
    [-0.5526, -0.0981, 0.5321, 0.3428],
    [-0.5299, -0.1081, 0.5077, 0.3493],
  ];
  expectClose(context, [sentence, sentence], FOUR_DECIMALS);
});

it("gives section 3.6.2's context vectors with seed 123", () => {
  manualSeed(123);
  const context = new MultiHeadAttention(BOOK).forward(bookBatch());
  const sentence = [
    [0.319, 0.4858],
    [0.2943, 0.3897],
    [0.2856, 0.3593],
    [0.2693, 0.3873],
    [0.2639, 0.3928],
    [0.2575, 0.4028],
  ];
  expectClose(context, [sentence, sentence], FOUR_DECIMALS);
});

it("names its parameters in the order of the book's checkpoint", () => {
  expect([...new MultiHeadAttention({ ...BOOK, qkvBias: true }).namedParameters().keys()]).toEqual([
    "wQuery.weight",
    "wQuery.bias",
    "wKey.weight",
    "wKey.bias",
    "wValue.weight",
    "wValue.bias",
    "outProj.weight",
    "outProj.bias",
  ]);
});

it("without the causal mask, the first token's context depends on the last token", () => {
  const attention = new MultiHeadAttention(WIDE);
  const first = (x: tf.Tensor3D): Float32Array =>
    attention.forward(x).slice([0, 0, 0], [1, 1, 8]).dataSync<"float32">();
  const x = bookBatch();
  const other = x.mul(tf.tensor([1, 1, 1, 1, 1, 2]).reshape([1, 6, 1])) as tf.Tensor3D;
  expect(first(other)).toEqual(first(x));
  attention.causal = false;
  expect(first(other)).not.toEqual(first(x));
});

it("hands each head's weights to the tap: rows that sum to 1, the future exactly 0", () => {
  let weights: tf.Tensor | undefined;
  new MultiHeadAttention(WIDE).forward(bookBatch(), { tap: (_, value) => (weights = value) });
  expect(weights?.shape).toEqual([2, 4, 6, 6]);
  const rows = (weights as tf.Tensor).reshape([-1, 6]).arraySync() as number[][];
  for (const [i, row] of rows.entries()) {
    expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 6);
    expect(row.slice((i % 6) + 1).every((weight) => weight === 0)).toBe(true);
  }
});

it("computes the same token by token with a cache", () => {
  const attention = new MultiHeadAttention(WIDE);
  const x = bookBatch();
  const cache = new LayerCache();
  const pieces = [0, 1, 3, 5].map((start, i, starts) => {
    const piece = x.slice([0, start, 0], [2, (starts[i + 1] ?? 6) - start, 3]);
    return attention.forward(piece, { cache });
  });
  expect(cache.length).toBe(6);
  expectClose(tf.concat(pieces, 1), attention.forward(x).dataSync());
  expect(() => attention.forward(x, { cache })).toThrow(ContextLengthError);
});

it("treats a row whose padding is hidden like the row without it", () => {
  const attention = new MultiHeadAttention(WIDE);
  const x = bookBatch().slice([0, 0, 0], [1, 4, 3]);
  const padded = tf.concat([tf.fill([1, 2, 3], 7), x], 1) as tf.Tensor3D;
  const keyMask = tf.tensor3d([MASKED, MASKED, 0, 0, 0, 0], [1, 1, 6]);
  const context = attention.forward(padded, { keyMask }).slice([0, 2, 0], [1, 4, 8]);
  expectClose(context, attention.forward(x).dataSync());
});

it("leaves no tensor behind but its result and what the cache holds", () => {
  const attention = new MultiHeadAttention(WIDE);
  const x = bookBatch();
  const cache = new LayerCache();
  tf.tidy(() => void attention.forward(x)); // makes the mask of this length
  const before = tf.memory().numTensors;
  tf.tidy(() => void attention.forward(x, { cache }));
  expect(tf.memory().numTensors).toBe(before + 2);
  cache.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it("refuses heads that do not divide the width, naming those that do", () => {
  const build = (): MultiHeadAttention => new MultiHeadAttention({ ...WIDE, numHeads: 3 });
  expect(build).toThrow(NumHeadsError);
  expect(build).toThrow("3 heads do not divide a width of 8 evenly: choose one of 1, 2, 4, 8 heads.");
});
