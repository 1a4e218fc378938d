import { ContextLengthError } from "@scratch-llm/attention";
import { Generator, manualSeed } from "@scratch-llm/nn";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import type { GPTConfig } from "./config.ts";
import { GPTModel } from "./gpt-model.ts";
import { KVCache } from "./kv-cache.ts";

const CONFIG: GPTConfig = {
  vocabSize: 31,
  contextLength: 8,
  embDim: 12,
  nHeads: 3,
  nLayers: 2,
  dropRate: 0.1,
  qkvBias: false,
};

const ids = (rows: number[][]): tf.Tensor2D => tf.tensor2d(rows, [rows.length, rows[0]?.length ?? 0], "int32");
const SENTENCES = [
  [4, 8, 15, 16, 23],
  [30, 0, 0, 9, 1],
];

it("answers with logits of the whole vocabulary at every position", () => {
  const model = new GPTModel(CONFIG);
  expect(model.forward(ids(SENTENCES)).shape).toEqual([2, 5, 31]);
  expect(model.config).toEqual(CONFIG);
});

it("draws the same weights from the same seed, from its own generator or the global one", () => {
  const weights = (model: GPTModel): unknown[] => model.parameters().map((parameter) => parameter.dataSync());
  manualSeed(5);
  const global = new GPTModel(CONFIG);
  expect(weights(new GPTModel(CONFIG, { generator: new Generator(5) }))).toEqual(weights(global));
  expect(weights(new GPTModel(CONFIG))).not.toEqual(weights(global));
});

it("does not let a later token change an earlier logit", () => {
  const model = new GPTModel(CONFIG).eval();
  const firstThree = (rows: number[][]): Float32Array =>
    model.forward(ids(rows)).slice([0, 0, 0], [2, 3, 31]).dataSync() as Float32Array;
  const changed = SENTENCES.map((row) => [...row.slice(0, 3), 7, 7]);
  expect(firstThree(changed)).toEqual(firstThree(SENTENCES));
});

it("drops out in training and not in evaluation", () => {
  const model = new GPTModel(CONFIG);
  const logits = (): unknown => model.forward(ids(SENTENCES)).dataSync();
  expect(logits()).not.toEqual(logits());
  model.eval();
  expect(logits()).toEqual(logits());
});

it("projects only the last position when asked", () => {
  const model = new GPTModel(CONFIG).eval();
  const last = model.forward(ids(SENTENCES), { lastOnly: true });
  expect(last.shape).toEqual([2, 1, 31]);
  expectClose(last, model.forward(ids(SENTENCES)).slice([0, 4, 0], [2, 1, 31]).dataSync());
});

it("computes the same in pieces with a cache", () => {
  const model = new GPTModel(CONFIG).eval();
  const cache = new KVCache(CONFIG.nLayers);
  const piece = (start: number, end: number): tf.Tensor3D =>
    model.forward(ids(SENTENCES.map((row) => row.slice(start, end))), { cache });
  const logits = tf.concat([piece(0, 2), piece(2, 3), piece(3, 5)], 1);
  expectClose(logits, model.forward(ids(SENTENCES)).dataSync(), { absolute: 1e-5 });
});

it("shows what is inside to a tap", () => {
  const seen = new Map<string, number[]>();
  new GPTModel(CONFIG).forward(ids(SENTENCES), { tap: (name, value) => seen.set(name, value.shape) });
  expect(Object.fromEntries(seen)).toEqual({
    "trfBlocks.0.input": [2, 5, 12],
    "trfBlocks.0.att.weights": [2, 3, 5, 5],
    "trfBlocks.0.output": [2, 5, 12],
    "trfBlocks.1.input": [2, 5, 12],
    "trfBlocks.1.att.weights": [2, 3, 5, 5],
    "trfBlocks.1.output": [2, 5, 12],
    logits: [2, 5, 31],
  });
});

it("shares one weight between embedding and head when tied", () => {
  const model = new GPTModel({ ...CONFIG, tieWeights: true });
  expect(model.outHead.weight).toBe(model.tokEmb.weight);
  expect([...model.namedParameters().keys()]).not.toContain("outHead.weight");
  expect(model.forward(ids(SENTENCES)).shape).toEqual([2, 5, 31]);
});

it("refuses more tokens than its context holds, with and without a cache", () => {
  const model = new GPTModel(CONFIG);
  expect(() => model.forward(tf.zeros([1, 9], "int32"))).toThrow(ContextLengthError);
  const cache = new KVCache(CONFIG.nLayers);
  model.forward(tf.zeros([1, 6], "int32"), { cache });
  expect(() => model.forward(tf.zeros([1, 3], "int32"), { cache })).toThrow(
    "9 tokens do not fit in a context of 8: pass at most the last 8 tokens",
  );
});
