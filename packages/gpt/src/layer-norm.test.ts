import { Linear, ReLU, Sequential, Generator } from "@scratch-llm/nn";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { LayerNorm } from "./layer-norm.ts";

/** Mean and biased variance of every row. */
function rowMoments(x: tf.Tensor): { mean: tf.Tensor; variance: tf.Tensor } {
  return tf.moments(x, -1);
}

it("normalizes the layer output of section 4.2", () => {
  const generator = new Generator(123);
  const batch = tf.tensor2d(generator.normal(10), [2, 5]);
  const out = new Sequential(new Linear(5, 6, { generator }), new ReLU()).forward(batch);
  expectClose(
    out,
    [
      [0.226, 0.347, 0, 0.2216, 0, 0],
      [0.2133, 0.2394, 0, 0.5198, 0.3297, 0],
    ],
    FOUR_DECIMALS,
  );
  expectClose(out.mean(-1), [0.1324, 0.217], FOUR_DECIMALS);

  const { mean, variance } = rowMoments(new LayerNorm(6).forward(out));
  expectClose(mean, [0, 0]);
  expectClose(variance, [0.9995, 0.9997], FOUR_DECIMALS);
});

it("scales and shifts what it has normalized", () => {
  const norm = new LayerNorm(4);
  norm.loadStateDict({ scale: tf.tensor1d([1, 2, 3, 4]), shift: tf.tensor1d([0, 0, 0, 10]) });
  const x = tf.tensor3d([[[-1, 1, -1, 1]]]);
  expectClose(norm.forward(x), [-1, 2, -3, 14], { absolute: 1e-4 });
  expect(norm.forward(x).shape).toEqual([1, 1, 4]);
});
