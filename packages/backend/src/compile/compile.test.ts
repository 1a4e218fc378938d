import { closeTo, useTestBackend } from "@test/backend.ts";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { compile } from "./compile.ts";

const native = await useTestBackend("native");

describe.skipIf(!native)("compile", () => {
  test("a training step of SGD equals the eager one", () => {
    const w = tf.variable(
      tf.tensor2d([
        [0.5, -0.25],
        [1, 2],
      ]),
    );
    const twin = tf.variable(
      tf.tensor2d([
        [0.5, -0.25],
        [1, 2],
      ]),
    );
    const step =
      (w: tf.Variable) =>
      (x: tf.Tensor2D, y: tf.Tensor2D): tf.Scalar => {
        const { value, grads } = tf.variableGrads(
          () =>
            tf
              .matMul(x, w as tf.Tensor2D)
              .sub(y)
              .square()
              .mean() as tf.Scalar,
          [w],
        );
        w.assign(w.sub(grads[w.name]!.mul(0.1)));
        return value;
      };
    const compiled = compile(step(w));
    const eager = step(twin);
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const y = tf.tensor2d([
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
    for (let i = 0; i < 3; i++) {
      expect(compiled(x, y).dataSync()[0]).toBeCloseTo(eager(x, y).dataSync()[0]!, 5);
    }
    closeTo(w, twin); // a read brings the variable back …
    for (let i = 0; i < 3; i++) {
      expect(compiled(x, y).dataSync()[0]).toBeCloseTo(eager(x, y).dataSync()[0]!, 5);
    }
    compiled.dispose?.(); // … and so does the end
    closeTo(w, twin);
  });
});
