import * as tf from "@tensorflow/tfjs";
import { describe, it } from "vitest";
import { checkGradient, onBackends } from "@test/backend.ts";

interface Case {
  readonly a: number[];
  readonly b: number[];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const CASES: Case[] = [
  { a: [3, 4], b: [4, 5] },
  { a: [4, 3], b: [5, 4], transposeA: true, transposeB: true },
  { a: [2, 3, 4], b: [2, 5, 4], transposeB: true },
  { a: [2, 3, 4], b: [4, 5] },
  { a: [2, 3, 4], b: [5, 4], transposeB: true },
  { a: [4, 3], b: [2, 4, 5], transposeA: true },
];

/** Broadcast both ways: TensorFlow.js's products on cpu and WASM are wrong themselves; WASM's is replaced here. */
const BOTH_WAYS: Case = { a: [2, 1, 3, 4], b: [6, 4, 5] };

onBackends((backend) => {
  describe("the gradient of matMul", () => {
    it.each(backend === "cpu" ? CASES : [...CASES, BOTH_WAYS])(
      "$a by $b ($transposeA, $transposeB)",
      ({ a, b, transposeA, transposeB }) => {
        const random = (shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, "float32", 7);
        checkGradient((a, b) => tf.matMul(a, b, transposeA, transposeB), [random(a), random(b)]);
      },
    );
  });
});
