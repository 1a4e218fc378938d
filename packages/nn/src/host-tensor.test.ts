import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AdamW, Generator, hostTensor, RECORDING_KERNELS, TorchDropout } from "./index.ts";

beforeEach(() => tf.setBackend("cpu"));

test("without a recorder the values are computed at once", () => {
  expect(hostTensor(() => Float32Array.of(1, 2), { shape: [2] }).dataSync()).toEqual(Float32Array.of(1, 2));
  const seed = hostTensor(() => Int32Array.of(7), { shape: [], dtype: "int32" });
  expect([seed.dtype, seed.shape, seed.dataSync()[0]]).toEqual(["int32", [], 7]);
});

/** What a step compiler does, in small: it keeps the function and calls it for each run. */
const recorded: (() => Float32Array)[] = [];
const hostKernel: tf.KernelConfig = {
  kernelName: RECORDING_KERNELS.hostTensor,
  backendName: "cpu",
  kernelFunc: ({ attrs }) => {
    const { compute, shape } = attrs as unknown as { compute: () => Float32Array; shape: number[] };
    recorded.push(compute);
    return tf.zeros(shape);
  },
};
const adamKernel: tf.KernelConfig = {
  kernelName: RECORDING_KERNELS.adamW,
  backendName: "cpu",
  kernelFunc: ({ inputs, attrs }) => {
    const { parameter, m, v, grad } = inputs as Record<string, tf.Tensor>;
    expect(attrs).toEqual({ beta1: 0.9, beta2: 0.999, eps: 1e-8 });
    return [parameter, m, v].map((old) => (old as tf.Tensor).add(grad as tf.Tensor));
  },
};

afterEach(() => {
  recorded.length = 0;
  for (const { kernelName } of [hostKernel, adamKernel]) {
    if (tf.getKernel(kernelName, "cpu")) tf.unregisterKernel(kernelName, "cpu");
  }
});

test("a recorder gets a function for each mask and draws in the order of the calls", () => {
  tf.registerKernel(hostKernel);
  const dropout = new TorchDropout(new Generator(3));
  dropout.apply(tf.ones([4]), 0.5);
  dropout.apply(tf.ones([2, 3]), 0.25);
  const twin = new Generator(3);
  expect(recorded.map((compute) => compute())).toEqual([twin.dropoutMask(4, 0.5), twin.dropoutMask(6, 0.25)]);
});

test("a recorded AdamW step counts and reads the learning rate at each run", () => {
  for (const kernel of [hostKernel, adamKernel]) tf.registerKernel(kernel);
  const w = tf.variable(tf.tensor1d([1, 2]));
  const optimizer = new AdamW(new Map([["w", w]]), { lr: 0.1, weightDecay: 0.5 });
  optimizer.step(new Map([["w", tf.tensor1d([10, 20])]]));
  expect(w.dataSync()).toEqual(Float32Array.of(11, 22)); // the kernel's work
  expect(optimizer.stepCount).toBe(0); // recording is not running
  const run = (): number[] => [...(recorded[0] as () => Float32Array)()];
  const expected = (lr: number, step: number): number[] => [
    Math.fround(1 - lr * 0.5),
    Math.fround(lr / (1 - 0.9 ** step)),
    Math.fround(Math.sqrt(1 - 0.999 ** step)),
  ];
  expect(run()).toEqual(expected(0.1, 1));
  optimizer.lr = 0.2;
  expect(run()).toEqual(expected(0.2, 2));
  expect(optimizer.stepCount).toBe(2);
});
