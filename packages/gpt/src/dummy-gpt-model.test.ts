import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { DummyGPTModel } from "./dummy-gpt-model.ts";

it("is nothing but embeddings and a head", () => {
  const model = new DummyGPTModel({
    vocabSize: 11,
    contextLength: 4,
    embDim: 6,
    nHeads: 2,
    nLayers: 3,
    dropRate: 0,
    qkvBias: false,
  });
  const ids = tf.tensor2d([[3, 7, 3]], [1, 3], "int32");
  const embedded = model.tokEmb.forward(ids).add(model.posEmb.forward(tf.tensor1d([0, 1, 2], "int32")));
  const logits = model.forward(ids);
  expect(logits.shape).toEqual([1, 3, 11]);
  expectClose(logits, model.outHead.forward(embedded).dataSync());
});
