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
  const [short, long] = [graphFile(2, 32), graphFile(2, 512)];
  expect(long.length - short.length).toBeLessThan(2000); // a mask of 512 × 512 would be 1 MB
  expect(graphFile(3, 32).length - short.length).toBeLessThan(60_000);
});
