import { GPT_CONFIG_124M, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, crossEntropy, FastDropout, Generator, KERNELS, useDropout, valueAndGrads } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { CompiledCall } from "../packages/backend/src/compile/compiled-call.ts";
import { savedModelBytes } from "../packages/backend/src/compile/export-graph.ts";
import { optimize } from "../packages/backend/src/compile/optimize.ts";
import { trace } from "../packages/backend/src/compile/trace.ts";
import { useTestBackend } from "./backend.ts";

const native = await useTestBackend("native");
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;

it.skipIf(!native)("the 124M step is recorded and loaded in 15 s, in less memory than it trains in", () => {
  const generator = new Generator(123);
  const config = { ...GPT_CONFIG_124M, contextLength: 256 };
  const model = new GPTModelFast(config, { generator });
  useDropout(model, new FastDropout(generator));
  const params = model.namedParameters();
  const optimizer = new AdamW(params, { lr: 4e-4, weightDecay: 0.1 });
  const step = (ids: tf.Tensor2D): tf.Tensor => {
    const lossOf = (): tf.Scalar =>
      crossEntropy(model.forward(ids).reshape<tf.Tensor2D>([-1, config.vocabSize]), ids.flatten());
    const { value, grads } = valueAndGrads(lossOf, params);
    optimizer.step(grads);
    return value;
  };
  const ids = tf.zeros<tf.Rank.R2>([2, 256], "int32");
  const hasKernels = tf.getKernel(KERNELS.softmaxGrad, "tensorflow") !== undefined;
  const options = { precision: "f32", recompute: "none", hasKernels } as const;

  const started = performance.now();
  const call = CompiledCall.of(step, [ids], { title: "step", ...options });
  const seconds = (performance.now() - started) / 1000;
  const loading = peakBytes();
  const losses = [1, 2, 3].map(() => (call.run([ids]) as tf.Tensor).dataSync()[0]!);
  const training = peakBytes();
  call.dispose();
  const file = savedModelBytes(optimize(trace("step", step, [ids]).graph, options).nodes, "2.21.0");
  console.log(
    `${seconds.toFixed(1)} s; peak ${(loading / 1e9).toFixed(2)} GB, training ${(training / 1e9).toFixed(2)} GB; ` +
      `graph ${(file.length / 1e6).toFixed(2)} MB`,
  );
  expect(seconds).toBeLessThan(15);
  expect(loading).toBeLessThan(training);
  expect(file.length).toBeLessThan(2e6); // the weights are 650 MB
  expect(losses[2]).toBeLessThan(losses[0]!);
  optimizer.dispose();
  model.dispose();
});
