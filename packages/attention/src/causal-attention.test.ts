import { Dropout, Generator, manualSeed, TorchDropout, useDropout } from "@scratch-llm/nn";
import { bookBatch } from "@test/book-inputs.ts";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { CausalAttention } from "./causal-attention.ts";
import { ContextLengthError } from "./errors.ts";

/** The attention weights of the first row that `attention` computes for the book's batch: (6, 6). */
function weightsOf(attention: CausalAttention): tf.Tensor2D {
  let weights: tf.Tensor | undefined;
  attention.forward(bookBatch(), { tap: (_, value) => (weights = value) });
  return (weights as tf.Tensor3D).slice([0, 0, 0], [1, -1, -1]).reshape([6, 6]);
}

it("gives section 3.5.3's context vectors with seed 123", () => {
  manualSeed(123);
  const attention = new CausalAttention({ dIn: 3, dOut: 2, contextLength: 6, dropout: 0 });
  const context = attention.forward(bookBatch());
  const sentence = [
    [-0.4519, 0.2216],
    [-0.5874, 0.0058],
    [-0.63, -0.0632],
    [-0.5675, -0.0843],
    [-0.5526, -0.0981],
    [-0.5299, -0.1081],
  ];
  expectClose(context, [sentence, sentence], FOUR_DECIMALS);
});

it("masks the future exactly, as in section 3.5.1", () => {
  manualSeed(789);
  const weights = weightsOf(new CausalAttention({ dIn: 3, dOut: 2, contextLength: 6, dropout: 0 }));
  expectClose(weights.slice([3, 0], [1, -1]), [0.2758, 0.246, 0.2462, 0.2319, 0, 0], FOUR_DECIMALS);
  for (const [row, values] of weights.arraySync().entries()) {
    expect(values.slice(row + 1)).toEqual(Array.from({ length: 5 - row }, () => 0));
  }
});

it("drops attention weights as in section 3.5.2", () => {
  manualSeed(789);
  const weights = weightsOf(new CausalAttention({ dIn: 3, dOut: 2, contextLength: 6, dropout: 0 }));
  const dropout = new Dropout(0.5);
  useDropout(dropout, new TorchDropout(new Generator(123)));
  const rows = dropout.forward(weights) as tf.Tensor2D;
  expectClose(rows.slice([2, 0], [1, -1]), [0.7599, 0.6194, 0.6206, 0, 0, 0], FOUR_DECIMALS);
  expectClose(rows.slice([3, 0], [1, -1]), [0, 0.4921, 0.4925, 0, 0, 0], FOUR_DECIMALS);
  expectClose(rows.slice([4, 0], [1, -1]), [0, 0.3966, 0, 0.3775, 0, 0], FOUR_DECIMALS);
  expectClose(rows.slice([5, 0], [1, -1]), [0, 0.3327, 0.3331, 0.3084, 0.3331, 0], FOUR_DECIMALS);
});

it("does not let a later token change an earlier one", () => {
  const attention = new CausalAttention({ dIn: 3, dOut: 2, contextLength: 6, dropout: 0 });
  const x = bookBatch();
  const changed = tf.concat([x.slice([0, 0, 0], [2, 4, 3]), tf.fill([2, 2, 3], 9)], 1) as tf.Tensor3D;
  const firstFour = (input: tf.Tensor3D): Float32Array =>
    attention.forward(input).slice([0, 0, 0], [2, 4, 2]).dataSync() as Float32Array;
  expect(firstFour(changed)).toEqual(firstFour(x));
});

it("applies its dropout in training only", () => {
  const attention = new CausalAttention({ dIn: 3, dOut: 2, contextLength: 6, dropout: 0.5 });
  const once = attention.forward(bookBatch()).dataSync();
  expect(attention.forward(bookBatch()).dataSync()).not.toEqual(once);
  attention.eval();
  const quiet = attention.forward(bookBatch()).dataSync();
  expect(attention.forward(bookBatch()).dataSync()).toEqual(quiet);
});

it("refuses more tokens than its context length", () => {
  const attention = new CausalAttention({ dIn: 3, dOut: 2, contextLength: 4, dropout: 0 });
  expect(() => attention.forward(bookBatch())).toThrow(ContextLengthError);
  expect(() => attention.forward(bookBatch())).toThrow("6 tokens do not fit in a context of 4");
});
