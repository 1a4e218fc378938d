import { AdamW, crossEntropy, Generator, valueAndGrads } from "@scratch-llm/nn";
import { useTestBackend } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import type { GPTConfig } from "./config.ts";
import { GPTModelFast } from "./gpt-model-fast.ts";

const CONFIG: GPTConfig = {
  vocabSize: 17,
  contextLength: 8,
  embDim: 16,
  nHeads: 2,
  nLayers: 1,
  dropRate: 0.1,
  qkvBias: false,
};
const IDS = [4, 8, 15, 16, 2, 3, 4, 2, 1, 1, 0, 9, 7, 6, 5, 11];

/** A model of its own, and a function that takes one training step on IDS and answers with the loss. */
function trainer(config: GPTConfig): { model: GPTModelFast; step: () => number } {
  const model = new GPTModelFast(config, { generator: new Generator(123) });
  const optimizer = new AdamW(model.namedParameters(), { lr: 1e-2 });
  const inputs = tf.tensor2d(IDS, [2, 8], "int32");
  const targets = tf.tensor1d([...IDS.slice(1), IDS[0] ?? 0], "int32");
  const lossFn = (): tf.Scalar => crossEntropy(model.forward(inputs).reshape([16, config.vocabSize]), targets);
  const step = (): number => {
    const { value, grads } = valueAndGrads(lossFn, model.namedParameters());
    optimizer.step(grads);
    const loss = value.dataSync()[0] ?? Number.NaN;
    tf.dispose([value, ...grads.values()]);
    return loss;
  };
  return { model, step };
}

it("learns one batch by heart in 200 steps, with a constant number of tensors", async () => {
  await useTestBackend("cpu");
  const { step } = trainer(CONFIG);
  const losses = [step()];
  const after1 = tf.memory().numTensors;
  for (let i = 1; i < 200; i++) losses.push(step());
  expect(tf.memory().numTensors).toBe(after1);
  expect(losses[0]).toBeGreaterThan(2.5); // about ln 17
  expect(losses.at(-1)).toBeLessThan(0.3);
});

it("takes the same step on every backend", async ({ skip }) => {
  const config = { ...CONFIG, dropRate: 0 };
  const results = new Map<string, { loss: number; weights: Map<string, Float32Array> }>();
  for (const backend of ["cpu", "wasm", "native"] as const) {
    if (!(await useTestBackend(backend))) continue;
    const { model, step } = trainer(config);
    const loss = step();
    const weights = new Map(
      [...model.namedParameters()].map(([name, value]) => [name, value.dataSync() as Float32Array]),
    );
    results.set(backend, { loss, weights });
  }
  const cpu = results.get("cpu");
  if (!cpu || results.size < 2) return skip("only one backend is set up");
  for (const { loss, weights } of results.values()) {
    expect(Math.abs(loss - cpu.loss)).toBeLessThan(1e-4);
    for (const [name, values] of cpu.weights) expectClose(weights.get(name) ?? [], values, { absolute: 1e-4 });
  }
});
