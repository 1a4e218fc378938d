import { manualSeed } from "@scratch-llm/nn";
import { bookInputs } from "@test/book-inputs.ts";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import type * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { SelfAttentionV1, SelfAttentionV2 } from "./self-attention.ts";

it("SelfAttentionV1 gives section 3.4's weights and context vectors with seed 123", () => {
  manualSeed(123);
  let weights: tf.Tensor | undefined;
  const context = new SelfAttentionV1(3, 2).forward(bookInputs(), { tap: (_, value) => (weights = value) });

  expectClose(
    (weights as tf.Tensor2D).slice([1, 0], [1, -1]),
    [0.15, 0.2264, 0.2199, 0.1311, 0.0906, 0.182],
    FOUR_DECIMALS,
  );
  expectClose(
    context,
    [
      [0.2996, 0.8053],
      [0.3061, 0.821],
      [0.3058, 0.8203],
      [0.2948, 0.7939],
      [0.2927, 0.7891],
      [0.299, 0.804],
    ],
    FOUR_DECIMALS,
  );
});

it("SelfAttentionV2 gives section 3.4's context vectors with seed 789", () => {
  manualSeed(789);
  let weights: tf.Tensor | undefined;
  const context = new SelfAttentionV2(3, 2).forward(bookInputs(), { tap: (_, value) => (weights = value) });

  expectClose(
    (weights as tf.Tensor2D).slice([0, 0], [1, -1]),
    [0.1921, 0.1646, 0.1652, 0.155, 0.1721, 0.151],
    FOUR_DECIMALS,
  );
  expectClose(
    context,
    [
      [-0.0739, 0.0713],
      [-0.0748, 0.0703],
      [-0.0749, 0.0702],
      [-0.076, 0.0685],
      [-0.0763, 0.0679],
      [-0.0754, 0.0693],
    ],
    FOUR_DECIMALS,
  );
});

it("V1 with V2's transposed weights gives V2's context vectors (exercise 3.1)", () => {
  manualSeed(123);
  const v1 = new SelfAttentionV1(3, 2);
  manualSeed(123);
  const v2 = new SelfAttentionV2(3, 2);
  v1.loadStateDict({
    wQuery: v2.wQuery.weight.transpose(),
    wKey: v2.wKey.weight.transpose(),
    wValue: v2.wValue.weight.transpose(),
  });

  const expected = [
    [-0.5337, -0.1051],
    [-0.5323, -0.108],
    [-0.5323, -0.1079],
    [-0.5297, -0.1076],
    [-0.5311, -0.1066],
    [-0.5299, -0.1081],
  ];
  expectClose(v2.forward(bookInputs()), expected, FOUR_DECIMALS);
  expectClose(v1.forward(bookInputs()), expected, FOUR_DECIMALS);
});

it("adds a bias to all three projections when asked", () => {
  const attention = new SelfAttentionV2(3, 2, { qkvBias: true });
  expect([...attention.namedParameters().keys()]).toEqual([
    "wQuery.weight",
    "wQuery.bias",
    "wKey.weight",
    "wKey.bias",
    "wValue.weight",
    "wValue.bias",
  ]);
});
