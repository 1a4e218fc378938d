import {
  crossEntropy,
  embedding,
  FastDropout,
  gelu,
  Generator,
  KERNELS,
  layerNorm,
  linear,
  softmax,
} from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { closeTo, onBackends, useTestBackend } from "@test/backend.ts";

/** Gives numbers that can be compared from one backend to the other. */
type Calculation = () => tf.Tensor[];

const random = (shape: number[], seed: number, scale = 1): tf.Tensor =>
  tf.tensor(new Generator(seed).normal(tf.util.sizeFromShape(shape), 0, scale), shape);

/** The value of a function, and its gradients along a random direction. */
function withGradients(fn: (...inputs: tf.Tensor[]) => tf.Tensor, ...inputs: tf.Tensor[]): tf.Tensor[] {
  const value = fn(...inputs);
  return [value, ...tf.grads(fn)(inputs, random(value.shape, 99))];
}

const int32 = (values: number[]): tf.Tensor1D => tf.tensor1d(values, "int32");

const CALCULATIONS: Record<string, Calculation> = {
  gelu: () => withGradients((x) => gelu(x), random([7, 33], 1, 3)),
  "gelu far out": () => withGradients((x) => gelu(x), tf.tensor([-50, -5, 0, 5, 50])),
  linear: () => withGradients((x, w) => linear(x, w), random([2, 9, 16], 1), random([24, 16], 2)),
  "linear of one row": () => withGradients((x, w) => linear(x, w), random([1, 16], 1), random([24, 16], 2)),
  "cross-entropy": () => withGradients((x) => crossEntropy(x, int32([3, 0, 9, -100])), random([4, 10], 1, 4)),
  "cross-entropy of a hopeless guess": () =>
    withGradients((x) => crossEntropy(x, int32([1, 0])), tf.tensor2d([[200, 0, 3], [0, 100, 100]])), // prettier-ignore
  "cross-entropy over many classes": () =>
    withGradients((x) => crossEntropy(x, int32([3, 0, 16, 99, 56])), random([5, 100], 1, 4)),
  "layer norm": () =>
    withGradients((x, a, b) => layerNorm(x, a, b), random([37, 21], 1, 3), random([21], 2), random([21], 3)),
  softmax: () => withGradients((x) => softmax(x), random([2, 3, 7, 19], 1, 4)),
  "embedding with repeated ids": () =>
    withGradients((w) => embedding(tf.tensor2d([[1, 4, 1], [0, 1, 4]], [2, 3], "int32"), w), random([6, 5], 1)), // prettier-ignore
  "gradient of gather": () => withGradients((w) => tf.gather(w, int32([2, 2, 0])), random([3, 4], 1)),
  "sum over the first axis": () => [random([50, 6, 7], 1).sum(0)],
  "sum over the first axes, kept": () => [random([5, 6, 7], 1).sum([1, 0], true)],
  "sum over the last axis": () => [random([5, 6, 7], 1).sum(-1)],
  "sum over the middle axis": () => [random([5, 6, 7], 1).sum(1)],
  "sum of all": () => [random([5, 6, 7], 1).sum()],
  "sum of integers": () => [int32([1, 2, 3]).reshape([3, 1]).sum(0)],
  "segment sum, ids outside dropped": () => [tf.unsortedSegmentSum(random([3, 4], 1), int32([1, -1, 1]), 2)],
  "matMul, every transpose": () =>
    [false, true].flatMap((ta) =>
      [false, true].map((tb) =>
        tf.matMul(random(ta ? [3, 8, 5] : [3, 5, 8], 1), random(tb ? [3, 6, 8] : [3, 8, 6], 2), ta, tb),
      ),
    ),
  "matMul in attention while decoding": () => [
    tf.matMul(random([2, 3, 1, 8], 1), random([2, 3, 40, 8], 2), false, true),
  ],
  "matMul, one matrix for a batch": () => [tf.matMul(random([3, 5, 8], 1), random([8, 6], 2))],
  "matMul, a batch for one matrix": () => [tf.matMul(random([5, 8], 1), random([3, 6, 8], 2), false, true)],
};

describe.each(Object.entries(CALCULATIONS))("%s", (_name, calculate) => {
  const reference: { shape: number[]; values: ArrayLike<number> }[] = [];
  beforeAll(async () => {
    await useTestBackend("cpu");
    for (const tensor of calculate()) reference.push({ shape: tensor.shape, values: tensor.dataSync() });
  });
  onBackends(() => {
    it("agrees with cpu", () => {
      const tensors = calculate();
      expect(tensors.map(({ shape }) => shape)).toEqual(reference.map(({ shape }) => shape));
      tensors.forEach((tensor, i) => closeTo(tensor, reference[i]?.values ?? [], 5e-5));
    });
  }, ["wasm", "native"]);
});

onBackends((backend) => {
  it("keeps nothing of what a kernel makes on the way", () => {
    const matrix = random([4, 5], 1);
    const ids = int32([0, 2, 1, 2]);
    const kernels: [string, tf.NamedTensorMap, tf.NamedAttrMap][] = [
      [tf.BatchMatMul, { a: matrix, b: random([6, 5], 2) }, { transposeA: false, transposeB: true }],
      [KERNELS.matMul, { a: matrix, b: random([6, 5], 2) }, { transposeA: false, transposeB: true }],
      [tf.Sum, { x: matrix }, { axis: 0, keepDims: false }],
      [tf.UnsortedSegmentSum, { x: matrix, segmentIds: ids }, { numSegments: 3 }],
      [KERNELS.gelu, { x: matrix }, {}],
      [KERNELS.geluGrad, { dy: matrix, x: matrix }, {}],
      [KERNELS.sparseSoftmaxCrossEntropy, { logits: matrix, labels: ids }, {}],
      [KERNELS.layerNorm, { x: matrix, scale: tf.ones([5]), shift: tf.ones([5]) }, { epsilon: 1e-5 }],
      [
        KERNELS.layerNormGrad,
        { dy: matrix, x: matrix, scale: tf.ones([5]), mean: tf.ones([4, 1]), rstd: tf.ones([4, 1]) },
        {},
      ],
      [KERNELS.softmaxGrad, { dy: matrix, y: matrix }, {}],
      [KERNELS.embeddingGrad, { dy: matrix, ids }, { numEmbeddings: 3 }],
      [KERNELS.dropout, { x: matrix, seed: tf.scalar(1, "int32") }, { rate: 0.5, site: 0 }],
    ];
    const there = kernels.filter(([name]) => tf.getKernel(name, tf.getBackend()));
    expect(there.length).toBe({ cpu: 3, wasm: 7, native: hasFused() ? 12 : 9 }[backend]);
    for (const [name, inputs, attributes] of there) {
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      tf.dispose(tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attributes));
      expect([name, tf.memory().numTensors, tf.backend().numDataIds()]).toEqual([name, ...before]);
    }
  });
});

onBackends(() => {
  it("has dropout whose gradient uses the same mask", () => {
    expect(tf.getKernel(KERNELS.dropout, "tensorflow")).toBeDefined();
    const source = new FastDropout(new Generator(1));
    source.beginStep();
    const x = tf.ones([200, 200]);
    const [dropped, slope] = withValueAndGrad((x) => source.apply(x, 0.25), x);
    closeTo(slope, dropped);
    const values = Array.from(dropped.dataSync());
    const kept = values.filter((value) => value !== 0);
    expect(kept.every((value) => Math.abs(value - 4 / 3) < 1e-6)).toBe(true);
    expect(Math.abs(kept.length / values.length - 0.75)).toBeLessThan(0.01); // 4.6 standard deviations
    const next = source.apply(x, 0.25);
    expect(Array.from(next.dataSync())).not.toEqual(values);
  });
}, ["native"]);

describe.skipIf(!(await useTestBackend("native")) || !hasFused())("the operations of kernels.cc", () => {
  beforeAll(async () => {
    await useTestBackend("native");
  });

  it("refuse a label that is no class", () => {
    const loss = (label: number): tf.Tensor => crossEntropy(random([1, 10], 1), int32([label]));
    expect(() => loss(10)).toThrow("label");
    expect(() => loss(-1)).toThrow("label");
  });

  it("pass NaN on", () => {
    const bad = tf.tensor2d([[1, NaN, 2]]);
    const results = [
      gelu(bad),
      softmax(bad),
      layerNorm(bad, tf.ones([3]), tf.zeros([3])),
      crossEntropy(bad, int32([0])),
    ];
    expect(results.map((result) => result.dataSync().some(Number.isNaN))).toEqual([true, true, true, true]);
  });

  it("take matrices without rows", () => {
    expect(gelu(tf.zeros([0, 5])).shape).toEqual([0, 5]);
    expect(layerNorm(tf.zeros([0, 5]), tf.ones([5]), tf.zeros([5])).shape).toEqual([0, 5]);
  });

  it("give the same bits however the work falls to the cores", () => {
    const [x, dy] = [random([333, 77], 1), random([333, 77], 2)];
    const grads = (): number[] =>
      tf.grads((x, a, b) => layerNorm(x, a, b))([x, tf.ones([77]), tf.zeros([77])], dy).flatMap((grad) => [...grad.dataSync()]); // prettier-ignore
    const first = grads();
    for (let i = 0; i < 20; i++) expect(grads()).toEqual(first);
  });
});

/** Whether TensorFlow has the operations of kernels.cc. */
function hasFused(): boolean {
  return tf.getKernel(KERNELS.softmaxGrad, "tensorflow") !== undefined;
}

function withValueAndGrad(fn: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const { value, grad } = tf.valueAndGrad(fn)(x, tf.onesLike(x));
  return [value, grad];
}
