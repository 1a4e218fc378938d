import { bookInputs } from "@test/book-inputs.ts";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import type * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { simpleSelfAttention } from "./simple-attention.ts";

it("gives the scores, weights and context vector of section 3.3", () => {
  const seen = new Map<string, tf.Tensor>();
  const context = simpleSelfAttention(bookInputs(), { tap: (name, value) => seen.set(name, value) });

  const row = (tensor: tf.Tensor | undefined): tf.Tensor => (tensor as tf.Tensor2D).slice([1, 0], [1, -1]);
  // oxlint-disable-next-line oxc/approx-constant -- 0.707 is a score that the book prints
  expectClose(row(seen.get("scores")), [0.9544, 1.495, 1.4754, 0.8434, 0.707, 1.0865], FOUR_DECIMALS);
  expectClose(row(seen.get("weights")), [0.1385, 0.2379, 0.2333, 0.124, 0.1082, 0.1581], FOUR_DECIMALS);
  expectClose(row(context), [0.4419, 0.6515, 0.5683], FOUR_DECIMALS);
  expect(context.shape).toEqual([6, 3]);
});
