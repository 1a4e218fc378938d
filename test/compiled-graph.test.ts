import { GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, crossEntropy, FastDropout, Generator, useDropout, valueAndGrads } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { savedModelBytes } from "../packages/backend/src/compile/export-graph.ts";
import { optimize } from "../packages/backend/src/compile/optimize.ts";
import { trace } from "../packages/backend/src/compile/trace.ts";
import { useTestBackend } from "./backend.ts";

const native = await useTestBackend("native");

/** A training step of a GPT, as a graph file. */
function graphFile(nLayers: number, contextLength: number): Uint8Array {
  const generator = new Generator(1);
  const sizes = { vocabSize: 2000, contextLength, embDim: 64, nHeads: 2, nLayers };
  const model = new GPTModelFast({ ...sizes, dropRate: 0.1, qkvBias: false }, { generator });
  useDropout(model, new FastDropout(generator));
  const params = model.namedParameters();
  const optimizer = new AdamW(params, { lr: 1e-3, weightDecay: 0.1 });
  const step = (ids: tf.Tensor2D): tf.Tensor => {
    const { value, grads } = valueAndGrads(
      () =>
        crossEntropy(model.forward(ids).reshape<tf.Tensor2D>([-1, sizes.vocabSize]), ids.reshape<tf.Tensor1D>([-1])),
      params,
    );
    optimizer.step(grads);
    return value;
  };
  const { graph } = trace("step", step, [tf.zeros<tf.Rank.R2>([2, contextLength], "int32")]);
  const file = savedModelBytes(optimize(graph, { precision: "f32", recompute: "none" }).nodes, "2.21.0");
  optimizer.dispose();
  model.dispose();
  return file;
}

it.skipIf(!native)("the graph of a step holds no large constants: its file grows with the layers alone", () => {
  const [short, long] = [graphFile(2, 32), graphFile(2, 256)];
  expect(long.length - short.length).toBeLessThan(2000); // a mask of 256 × 256 would be 262 kB
  expect(graphFile(3, 32).length - short.length).toBeLessThan(60_000);
});

it.skipIf(!native)("recording and optimizing take no memory for values", () => {
  const rows = 8192;
  const weight = tf.variable(tf.ones([rows, 1]));
  const before = process.memoryUsage().rss;
  const { graph } = trace(
    "step",
    () => {
      let square = tf.matMul(weight as tf.Tensor2D, weight as tf.Tensor2D, false, true); // 268 MB each
      for (let i = 0; i < 10; i++) square = square.mul(0.9).add(tf.fill([rows, rows], i)) as tf.Tensor2D;
      return tf.matMul(square, weight as tf.Tensor2D).sum();
    },
    [],
  );
  const { nodes } = optimize(graph, { precision: "f32", recompute: "none" });
  expect(nodes.flatMap(({ outputs }) => outputs).some(({ shape }) => shape.join() === `${rows},${rows}`)).toBe(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  weight.dispose();
});
