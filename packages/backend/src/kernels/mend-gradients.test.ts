import * as tf from "@tensorflow/tfjs";
import { describe, it } from "vitest";
import { checkGradient, onBackends } from "@test/backend.ts";

const CASES: { a: number[]; b: number[]; transposeA?: boolean; transposeB?: boolean }[] = [
  { a: [3, 4], b: [4, 5] },
  { a: [4, 3], b: [5, 4], transposeA: true, transposeB: true },
  { a: [2, 3, 4], b: [2, 5, 4], transposeB: true },
  { a: [2, 3, 4], b: [4, 5] },
  { a: [2, 3, 4], b: [5, 4], transposeB: true },
  { a: [4, 3], b: [2, 4, 5], transposeA: true },
  { a: [2, 1, 3, 4], b: [6, 4, 5] },
];

onBackends(() => {
  describe("the gradient of matMul", () => {
    it.each(CASES)("$a by $b ($transposeA, $transposeB)", ({ a, b, transposeA, transposeB }) => {
      const random = (shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, "float32", 7);
      checkGradient((a, b) => tf.matMul(a, b, transposeA, transposeB), [random(a), random(b)]);
    });
  });
});
