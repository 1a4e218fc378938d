import { crossEntropy, Generator, valueAndGrads } from "@scratch-llm/nn";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import type { GPTConfig } from "./config.ts";
import { GPTModel } from "./gpt-model.ts";
import { GPTModelFast } from "./gpt-model-fast.ts";

const CONFIG: GPTConfig = {
  vocabSize: 31,
  contextLength: 8,
  embDim: 12,
  nHeads: 3,
  nLayers: 2,
  dropRate: 0,
  qkvBias: true,
};

it("has the same parameters as GPTModel, with the same values", () => {
  const fast = new GPTModelFast(CONFIG, { generator: new Generator(1) }).namedParameters();
  const book = new GPTModel(CONFIG, { generator: new Generator(1) }).namedParameters();
  expect([...fast.keys()]).toEqual([...book.keys()]);
  for (const [name, value] of book) expect(fast.get(name)?.dataSync()).toEqual(value.dataSync());
});

it("computes the same logits, loss and gradients as GPTModel", () => {
  const ids = tf.tensor2d([4, 8, 15, 16, 23, 30, 0, 0, 9, 1], [2, 5], "int32");
  const targets = tf.tensor1d([8, 15, 16, 23, 2, 0, 0, 9, 1, 30], "int32");
  const run = (model: GPTModel): { logits: tf.Tensor; loss: tf.Scalar; grads: Map<string, tf.Tensor> } => {
    const logits = model.forward(ids);
    const { value, grads } = valueAndGrads(
      () => crossEntropy(model.forward(ids).reshape([10, 31]), targets),
      model.namedParameters(),
    );
    return { logits, loss: value, grads };
  };
  const book = run(new GPTModel(CONFIG, { generator: new Generator(1) }));
  const fast = run(new GPTModelFast(CONFIG, { generator: new Generator(1) }));
  expectClose(fast.logits, book.logits.dataSync(), { absolute: 1e-5 });
  expectClose(fast.loss, book.loss.dataSync(), { absolute: 1e-6 });
  expect(fast.grads.size).toBe(book.grads.size);
  for (const [name, gradient] of book.grads) {
    expectClose(fast.grads.get(name) as tf.Tensor, gradient.dataSync(), { absolute: 1e-6, relative: 1e-5 });
  }
});
