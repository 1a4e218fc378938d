import { MultiHeadAttention } from "@scratch-llm/attention";
import { crossEntropy, Generator } from "@scratch-llm/nn";
import type { Module } from "@scratch-llm/nn";
import { onBackends } from "@test/backend.ts";
import { expectTrueGradients } from "@test/finite-differences.ts";
import * as tf from "@tensorflow/tfjs";
import { it } from "vitest";
import type { GPTConfig } from "./config.ts";
import { FeedForward } from "./feed-forward.ts";
import { GPTModel } from "./gpt-model.ts";
import { GPTModelFast } from "./gpt-model-fast.ts";
import { LayerNorm } from "./layer-norm.ts";
import { TransformerBlock } from "./transformer-block.ts";

const CONFIG: GPTConfig = {
  vocabSize: 13,
  contextLength: 6,
  embDim: 8,
  nHeads: 2,
  nLayers: 1,
  dropRate: 0,
  qkvBias: true,
};
const generator = new Generator(11);
const attention = { dIn: 8, dOut: 8, contextLength: 6, dropout: 0, numHeads: 2, qkvBias: true };

interface Layer extends Module {
  forward(x: tf.Tensor3D): tf.Tensor;
}

onBackends(() => {
  it.each([
    ["LayerNorm", (): Layer => new LayerNorm(8)],
    ["MultiHeadAttention", (): Layer => new MultiHeadAttention({ ...attention, generator })],
    ["FeedForward", (): Layer => new FeedForward(CONFIG, { generator })],
    ["TransformerBlock", (): Layer => new TransformerBlock(CONFIG, { generator })],
  ] as const)("%s agrees with finite differences, in its parameters and its input", (_name, build) => {
    const layer = build();
    const x = tf.variable(tf.tensor3d(generator.normal(2 * 6 * 8), [2, 6, 8]));
    const target = tf.tensor3d(generator.normal(2 * 6 * 8), [2, 6, 8]);
    const loss = (): tf.Scalar =>
      tf.tidy(() =>
        layer
          .forward(x as tf.Tensor3D)
          .sub(target)
          .square()
          .mean(),
      );
    expectTrueGradients(loss, new Map([...layer.namedParameters(), ["x", x]]));
  });

  it.each([
    ["GPTModel", GPTModel, false],
    ["GPTModelFast", GPTModelFast, false],
    ["GPTModelFast with tied weights", GPTModelFast, true],
  ] as const)("%s and its loss agree with finite differences", (_, Model, tieWeights) => {
    const model = new Model({ ...CONFIG, tieWeights }, { generator });
    const ids = tf.tensor2d([1, 5, 5, 12, 0, 7, 3, 3, 3, 9, 2, 11], [2, 6], "int32");
    const targets = tf.tensor1d([5, 5, 12, 0, 7, 1, 3, 3, 9, 2, 11, -100], "int32");
    const loss = (): tf.Scalar => tf.tidy(() => crossEntropy(model.forward(ids).reshape([12, 13]), targets));
    expectTrueGradients(loss, model.namedParameters());
  });
});
