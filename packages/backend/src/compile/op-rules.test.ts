import { useTestBackend } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { compile } from "./compile.ts";

const native = await useTestBackend("native");

type Form = (x: tf.Tensor2D, y: tf.Tensor2D) => tf.Tensor | tf.Tensor[];

const ids = (): tf.Tensor1D => tf.tensor1d([2, 0, 2], "int32");

/** TensorFlow.js operations on two matrices [3, 4] of numbers between 0 and 1. */
const FORMS: Readonly<Record<string, Form>> = {
  arithmetic: (x, y) => [
    x.add(y),
    x.sub(y),
    x.mul(y),
    x.div(y.add(1)),
    x.pow(tf.scalar(2)),
    x.maximum(y),
    x.minimum(0.5),
  ],
  stretching: (x) => [x.add(tf.ones([4])), x.mul(tf.ones([3, 1])), tf.ones([2, 3, 4]).sub(x)],
  functions: (x) => [
    x.exp(),
    x.log(),
    x.sqrt(),
    x.rsqrt(),
    x.square(),
    x.neg(),
    x.abs(),
    x.tanh(),
    x.sigmoid(),
    x.erf(),
  ],
  activations: (x) => [x.relu(), x.elu(), x.selu(), x.leakyRelu(0.1), x.softplus(), tf.relu6(x), x.step()],
  rounding: (x) => [x.floor(), x.ceil(), x.round(), x.sign(), x.floorDiv(tf.scalar(0.3)), x.mod(tf.scalar(0.3))],
  comparisons: (x, y) =>
    [x.greater(y), x.less(y), x.equal(x), x.notEqual(y), x.lessEqual(y), x.greaterEqual(0.5)].map((c) =>
      c.cast("int32"),
    ),
  logic: (x, y) => [x.greater(y).logicalAnd(x.less(0.9)), x.greater(y).logicalNot()].map((c) => c.cast("float32")),
  choice: (x, y) => [tf.where(x.greater(y), x, y), x.clipByValue(0.2, 0.6)],
  casts: (x) => [x.mul(9).cast("int32"), x.cast("bool").cast("float32")],
  sums: (x) => [x.sum(), x.sum(0), x.sum(-1, true), x.mean(1), x.mean(), x.max(0), x.min(1), x.prod(1)],
  "all and any": (x) => [x.greater(0.5).all(0), x.greater(0.5).any()].map((c) => c.cast("int32")),
  positions: (x) => [x.argMax(0), x.argMin(-1), ...Object.values(tf.topk(x, 2))],
  "running sums": (x) => [tf.cumsum(x, 1), tf.cumsum(x, 0, true, true)],
  softmaxes: (x) => [tf.softmax(x), tf.logSoftmax(x), x.logSumExp(1)],
  moments: (x) => Object.values(tf.moments(x, 1)),
  products: (x, y) => [x.matMul(y, false, true), x.matMul(y, true, false), x.dot(y.transpose())],
  batches: (x, y) => [x.reshape([3, 2, 2]).matMul(y.reshape([3, 2, 2]) as tf.Tensor3D)],
  shapes: (x) => [x.reshape([-1]), x.reshape([2, -1]), x.transpose(), x.expandDims(1), x.expandDims(-1).squeeze([2])],
  parts: (x) => [x.slice([1, 0], [2, -1]), ...tf.split(x, 2, 1), ...tf.split(x, [1, 2], 0), ...tf.unstack(x, 1)],
  joining: (x, y) => [
    tf.concat([x, y], 1),
    tf.stack([x, y], 1),
    tf.pad(x, [
      [1, 0],
      [0, 2],
    ]),
    tf.tile(x, [2, 1]),
  ],
  reversing: (x) => [x.reverse(1)],
  broadcasting: (x) => [tf.broadcastTo(x.slice([0, 0], [1, 4]), [3, 4])],
  indices: (x) => [tf.gather(x, ids()), tf.gather(x, ids(), 1), tf.oneHot(x.argMax(1) as tf.Tensor1D, 4)],
  segments: (x) => [tf.unsortedSegmentSum(x, ids(), 4)],
  numbers: (x) => [
    tf.range(0, 5, 2, "int32"),
    tf.fill([2, 2], 3).add(x.sum()),
    tf.zerosLike(x),
    tf.onesLike(x),
    tf.eye(3),
  ],
};

describe.skipIf(!native)("a compiled operation gives the shape, type and values of the eager one", () => {
  test.each(Object.entries(FORMS))("%s", (_, form) => {
    const compiled = compile((x: tf.Tensor2D, y: tf.Tensor2D) => [form(x, y)].flat());
    const [x, y] = [
      tf.randomUniform([3, 4], 0.1, 0.9, "float32", 1),
      tf.randomUniform([3, 4], 0.1, 0.9, "float32", 2),
    ] as [tf.Tensor2D, tf.Tensor2D];
    const expected = [form(x, y)].flat();
    const actual = compiled(x, y);
    compiled.dispose?.();
    expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
      expected.map(({ shape, dtype }) => ({ shape, dtype })),
    );
    for (const [i, tensor] of actual.entries()) expectClose(tensor, expected[i]!.dataSync(), { absolute: 1e-5 });
  });
});
