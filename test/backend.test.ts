import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { checkGradient, closeTo, expectNoTensorLeak, onBackends } from "@test/backend.ts";

onBackends((backend) => {
  it("is the current backend", () => {
    expect(tf.getBackend()).toBe(backend === "native" ? "tensorflow" : backend);
  });

  it("accepts a right gradient and refuses wrong ones", () => {
    const x = tf.tensor([0.3, -0.2, 0.9, 0.4]);
    const w = tf.tensor([1, 2, 3, 4]);
    checkGradient((x, w) => x.mul(w).tanh(), [x, w]);
    const halved = tf.customGrad((x) => ({
      value: (x as tf.Tensor).square(),
      gradFunc: (dy) => dy.mul(x as tf.Tensor),
    }));
    expect(() => checkGradient((x) => halved(x), [x])).toThrow(/input 0/);
    const none = tf.customGrad((x) => ({ value: (x as tf.Tensor).square(), gradFunc: (dy) => tf.zerosLike(dy) }));
    expect(() => checkGradient((x) => none(x), [x])).toThrow(/input 0/);
  });

  it("notices a tensor that is left over", async () => {
    await expectNoTensorLeak(() => tf.tidy(() => void tf.zeros([2]).add(1)));
    await expect(expectNoTensorLeak(() => void tf.zeros([2]))).rejects.toThrow("tensors left over");
  });
});

describe("closeTo", () => {
  it("compares shapes and values, and refuses NaN", () => {
    closeTo(tf.tensor([1, 2]), tf.tensor([1, 2.000_001]));
    expect(() => closeTo(tf.tensor([1, 2]), tf.tensor([[1, 2]]))).toThrow("to deeply equal");
    expect(() => closeTo([1, 2.1], [1, 2], 1e-2)).toThrow("value 1: got 2.1, want 2");
    expect(() => closeTo([0, Number.NaN, 0], [0, 0, 0.5])).toThrow("value 1");
  });
});
