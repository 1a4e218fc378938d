import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { it } from "vitest";
import { GELU } from "./gelu.ts";

it("follows the tanh approximation", () => {
  const x = [-3, -1, -0.5, 0, 0.5, 1, 3];
  const formula = (v: number): number => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
  expectClose(new GELU().forward(tf.tensor1d(x)), x.map(formula), { absolute: 1e-6 });
});
