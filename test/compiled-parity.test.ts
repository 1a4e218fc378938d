import type { CompileOptions } from "@scratch-llm/backend/node";
import { GPTModel, GPTModelFast, toBookName } from "@scratch-llm/gpt";
import { AdamW, crossEntropy, Generator, TorchDropout, useDropout, valueAndGrads } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { useTestBackend } from "./backend.ts";
import { compiled } from "./compiled.ts";
import { expectClose } from "./expect-close.ts";
import { parity, PARITY_CONFIG as CONFIG, unpack } from "./gpt-parity.ts";

const native = await useTestBackend("native");

const absolute = 1e-5;

const inputs = (): tf.Tensor2D => tf.tensor2d(parity.ids, [2, 8], "int32");
const targets = (): tf.Tensor1D => tf.tensor1d(parity.targets.flat(), "int32");
const lossOf = (model: GPTModel, x: tf.Tensor2D, y: tf.Tensor1D): tf.Scalar =>
  crossEntropy(model.forward(x).reshape([16, 48]), y);

describe.skipIf(!native).each<[string, typeof GPTModel, CompileOptions]>([
  ["GPTModel", GPTModel, {}],
  ["GPTModelFast", GPTModelFast, {}],
  ["GPTModelFast, recomputed", GPTModelFast, { recompute: "block" }],
])("a compiled %s gives PyTorch's numbers:", (_, Model, options) => {
  const build = (dropRate = 0, generator = new Generator(parity.seed)): GPTModel =>
    new Model({ ...CONFIG, dropRate }, { generator });
  const compile: typeof compiled = (fn) => compiled(fn, options);

  it("logits, loss and gradients", () => {
    const model = build();
    const names = [...model.namedParameters().keys()];
    const forward = compile((x: tf.Tensor2D) => model.forward(x));
    expectClose(forward(inputs()), unpack(parity.logits), { absolute });
    const backward = compile((x: tf.Tensor2D, y: tf.Tensor1D) => {
      const { value, grads } = valueAndGrads(() => lossOf(model, x, y), model.namedParameters());
      return [value, ...names.map((name) => grads.get(name)!)];
    });
    const [loss, ...grads] = backward(inputs(), targets());
    expectClose(loss!, parity.loss, { absolute });
    for (const [i, name] of names.entries()) {
      expectClose(grads[i]!, unpack(parity.gradients[toBookName(name)]!), { absolute });
    }
  });

  it("weights after 3 AdamW steps", () => {
    const model = build();
    const { lr, weight_decay: weightDecay } = parity.adamw;
    const optimizer = new AdamW(model.namedParameters(), { lr, weightDecay });
    const step = compile((x: tf.Tensor2D, y: tf.Tensor1D) => {
      const { value, grads } = valueAndGrads(() => lossOf(model, x, y), model.namedParameters());
      optimizer.step(grads);
      return value;
    });
    for (const loss of parity.losses) expectClose(step(inputs(), targets()), loss, { absolute });
    for (const [name, parameter] of model.namedParameters()) {
      expectClose(parameter, unpack(parity.trained[toBookName(name)]!), { absolute });
    }
    expect(optimizer.stepCount).toBe(parity.losses.length);
  });

  it("dropout", () => {
    const generator = new Generator(parity.seed);
    const model = build(parity.dropoutRate, generator);
    useDropout(model, new TorchDropout(generator));
    const forward = compile((x: tf.Tensor2D) => model.forward(x));
    expectClose(forward(inputs()), unpack(parity.dropoutLogits), { absolute });
  });
});
