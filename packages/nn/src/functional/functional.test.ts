import { readFileSync } from "node:fs";
import { checkGradient, closeTo, expectNoTensorLeak, onBackends, useTestBackend } from "@test/backend.ts";
import { referenceKernels } from "@test/reference-kernels.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  crossEntropy,
  crossEntropyPerToken,
  embedding,
  gelu,
  layerNorm,
  linear,
  logSoftmax,
  ShapeError,
  softmax,
} from "../index.ts";
import { statelessDropout } from "./dropout.ts";

interface Packed {
  shape: number[];
  values: number[];
}
interface Case {
  inputs: Packed[];
  dy: Packed;
  value: Packed;
  grads: Packed[];
  ids?: number[][];
  targets?: number[];
}
const FIXTURE = new URL("../../../../fixtures/nn/functional.json", import.meta.url);
const torch = (JSON.parse(readFileSync(FIXTURE, "utf8")) as { functional: Record<string, Case> }).functional;
const unpack = ({ shape, values }: Packed): tf.Tensor => tf.tensor(values, shape, "float32");
const ids = (): tf.Tensor => tf.tensor(torch["embedding"]?.ids as number[][], [2, 3], "int32");
const targets = (): tf.Tensor => tf.tensor(torch["crossEntropy"]?.targets as number[], [5], "int32");

/** Every form as a function of the float tensors that want a gradient. */
const FORMS: Record<string, (...inputs: tf.Tensor[]) => tf.Tensor> = {
  linear: (x, weight, bias) => linear(x as tf.Tensor, weight as tf.Tensor, bias),
  layerNorm: (x, scale, shift) => layerNorm(x as tf.Tensor, scale as tf.Tensor, shift as tf.Tensor),
  gelu: (x) => gelu(x as tf.Tensor),
  softmax: (x) => softmax(x as tf.Tensor),
  logSoftmax: (x) => logSoftmax(x as tf.Tensor),
  embedding: (weight) => embedding(ids(), weight as tf.Tensor),
  crossEntropy: (logits) => crossEntropy(logits as tf.Tensor, targets()),
};

function testForms(): void {
  describe.each(Object.keys(FORMS))("%s", (name) => {
    const form = FORMS[name] as (...inputs: tf.Tensor[]) => tf.Tensor;
    const expected = torch[name] as Case;

    test("equals torch's value and gradients", () => {
      const inputs = expected.inputs.map(unpack);
      closeTo(form(...inputs), unpack(expected.value), 2e-6);
      const grads = tf.grads((...x: tf.Tensor[]) => form(...x))(inputs, unpack(expected.dy));
      for (const [i, grad] of grads.entries()) closeTo(grad, unpack(expected.grads[i] as Packed), 5e-6);
    });

    test("its gradients agree with finite differences", () => {
      checkGradient(form, expected.inputs.map(unpack));
    });

    test("leaves no tensor behind", async () => {
      const inputs = expected.inputs.map(unpack);
      const dy = unpack(expected.dy);
      await expectNoTensorLeak(() => tf.dispose(tf.tidy(() => form(...inputs))));
      await expectNoTensorLeak(() => {
        const { value, grads } = tf.tidy(() => tf.valueAndGrads((...x: tf.Tensor[]) => form(...x))(inputs, dy));
        tf.dispose([value, ...grads]);
      });
    });
  });

  test("dropout's gradients agree with finite differences", () => {
    const form = (x: tf.Tensor): tf.Tensor => statelessDropout(x, { rate: 0.4, seed: 11, site: 2 });
    checkGradient(form, [tf.randomNormal([4, 5], 0, 1, "float32", 3)]);
  });

  test("crossEntropy is right where a naive formula overflows", () => {
    const logits = tf.tensor2d([
      [1000, 0, -1000],
      [-1000, 88, 90],
    ]);
    const labels = tf.tensor1d([1, 2], "int32");
    closeTo(crossEntropy(logits, labels), [(1000 + Math.log1p(Math.exp(-2))) / 2], 1e-4);
    const grad = tf.grad((x: tf.Tensor) => crossEntropy(x, labels))(logits);
    const p = 1 / (1 + Math.exp(2));
    closeTo(grad, [0.5, -0.5, 0, 0, p / 2, -p / 2], 1e-6);
  });

  test("crossEntropyPerToken has the losses that crossEntropy averages, and their gradients", () => {
    const logits = tf.randomNormal<tf.Rank.R2>([3, 5], 0, 1, "float32", 3);
    const labels = tf.tensor1d([4, -100, 1], "int32");
    const losses = crossEntropyPerToken(logits, labels);
    expect(losses.dataSync()[1]).toBeCloseTo(0, 12);
    closeTo(losses.sum().div(2), crossEntropy(logits, labels), 1e-6);
    const weighed = (x: tf.Tensor): tf.Tensor => crossEntropyPerToken(x, labels).mul(tf.tensor1d([2, 7, -3]));
    checkGradient(weighed, [logits]);
  });

  test("crossEntropy ignores what it is told; all ignored give NaN, as in PyTorch", () => {
    const logits = tf.tensor2d([
      [1, 2],
      [3, 1],
    ]);
    const labels = tf.tensor1d([0, 1], "int32");
    closeTo(crossEntropy(logits, labels, { ignoreIndex: 1 }), [Math.log(1 + Math.E)], 1e-6);
    expect(crossEntropy(logits, tf.tensor1d([-100, -100], "int32")).dataSync()[0]).toBeNaN();
  });
}

onBackends(testForms);

describe("with every kernel that the forms ask for registered", () => {
  const calls = new Set<string>();
  const kernels = referenceKernels((name) => calls.add(name));
  beforeAll(async () => {
    await useTestBackend("cpu");
    const absent = kernels.filter(({ kernelName }) => !tf.getKernel(kernelName, "cpu"));
    for (const kernel of absent) tf.registerKernel(kernel);
    return () => {
      for (const { kernelName } of absent) tf.unregisterKernel(kernelName, "cpu");
    };
  });

  testForms();

  test("each of them was asked for", () => {
    expect(calls).toEqual(new Set(kernels.map(({ kernelName }) => kernelName)));
  });
});

test("crossEntropy names the shapes it cannot use", () => {
  const logits = tf.zeros([2, 3]);
  const call = (targets: tf.Tensor) => (): tf.Scalar => crossEntropy(logits, targets);
  expect(call(tf.zeros([2]))).toThrow("got [2, 3] and float32 [2]");
  expect(call(tf.zeros([3], "int32"))).toThrow(ShapeError);
  expect(call(tf.zeros([2, 1], "int32"))).toThrow("Flatten them first.");
});

test("the book's losses of section 7.3", () => {
  const first = tf.tensor2d([
    [-1, 1],
    [-0.5, 1.5],
  ]);
  const third = tf.concat([first, tf.tensor2d([[-0.5, 1.5]])]);
  const int = (...values: number[]): tf.Tensor => tf.tensor1d(values, "int32");
  closeTo(crossEntropy(first, int(0, 1)), [1.1269], 5e-5);
  closeTo(crossEntropy(third, int(0, 1, 1)), [0.7936], 5e-5);
  closeTo(crossEntropy(third, int(0, 1, -100)), [1.1269], 5e-5);
});
