import { ContextLengthError } from "@scratch-llm/attention";
import { Generator } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import type { GPTConfig } from "./config.ts";
import { EmptyPromptError } from "./errors.ts";
import { generateTextSimple } from "./generate-text-simple.ts";
import { GPTModel } from "./gpt-model.ts";

const CONFIG: GPTConfig = {
  vocabSize: 97,
  contextLength: 16,
  embDim: 24,
  nHeads: 4,
  nLayers: 2,
  dropRate: 0.1,
  qkvBias: false,
};
const model = new GPTModel(CONFIG, { generator: new Generator(7) }).eval();

it("appends the most likely token, step by step", () => {
  const prompt = [4, 8, 15];
  const ids = generateTextSimple({ model, ids: Int32Array.from(prompt), maxNewTokens: 3, contextSize: 16 });
  for (let i = 0; i < 3; i++) {
    const logits = model.forward(tf.tensor2d(prompt, [1, prompt.length], "int32"), { lastOnly: true });
    prompt.push(logits.argMax(-1).dataSync()[0] ?? -1);
  }
  expect(ids.arraySync()).toEqual([prompt]);
  expect(ids.dtype).toBe("int32");
});

it.each([16, 5])("gives equal ids with and without a cache, within and beyond a context of %d", (contextSize) => {
  const ids = tf.tensor2d([4, 8, 15, 16, 23, 42], [2, 3], "int32");
  const run = (useCache: boolean): number[][] =>
    generateTextSimple({ model, ids, maxNewTokens: 24, contextSize, useCache }).arraySync();
  expect(run(true)).toEqual(run(false));
  expect(new Set(run(true)[0]).size).toBeGreaterThan(4); // not one token for ever
});

it("leaves nothing behind but its result, and the caller's ids", () => {
  const ids = tf.tensor2d([4, 8], [1, 2], "int32");
  generateTextSimple({ model, ids, maxNewTokens: 20, contextSize: 8 }).dispose();
  const before = tf.memory().numTensors;
  const output = generateTextSimple({ model, ids, maxNewTokens: 20, contextSize: 8 });
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(output.shape).toEqual([1, 22]);
  expect(ids.isDisposed).toBe(false);
});

it("refuses an empty prompt and a context that the model does not have", () => {
  const run = (ids: Int32Array, contextSize: number) => () =>
    generateTextSimple({ model, ids, maxNewTokens: 1, contextSize });
  expect(run(new Int32Array(0), 16)).toThrow(EmptyPromptError);
  expect(run(Int32Array.of(1), 17)).toThrow(ContextLengthError);
});
