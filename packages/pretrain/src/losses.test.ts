import { DataLoader, GPTDatasetV1 } from "@scratch-llm/dataloader";
import { Generator, Module } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { expectNoTensorLeak, onBackends, useTestBackend } from "@test/backend.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyRun } from "../test/tiny-run.ts";
import { calcLossBatch, calcLossLoader, evaluateModel, perplexity } from "./losses.ts";

/** Gives every token the logits 0, 1, 2, … times the id it sees: a model whose losses are easy to reckon. */
class Sloped extends Module {
  forward(ids: tf.Tensor2D): tf.Tensor3D {
    return ids.cast("float32").expandDims<tf.Tensor3D>(2).mul(tf.range(0, 4));
  }
}

/** −log softmax([0, s, 2s, 3s])[target]. */
function lossOf(seen: number, target: number): number {
  return Math.log([0, 1, 2, 3].reduce((sum, i) => sum + Math.exp(i * seen), 0)) - target * seen;
}

const matrix = (rows: number[][]): tf.Tensor2D => tf.tensor2d(rows, undefined, "int32");

onBackends(() => {
  it("averages over the tokens that count", async () => {
    const inputs = matrix([
      [0, 1],
      [2, 1],
    ]);
    const targets = matrix([
      [3, 0],
      [1, -100],
    ]);
    const [loss] = await tf.tidy(() => calcLossBatch({ inputs, targets }, new Sloped())).data();
    expect(loss).toBeCloseTo((lossOf(0, 3) + lossOf(1, 0) + lossOf(2, 1)) / 3, 5);
    tf.dispose([inputs, targets]);
  });
});

describe("calcLossLoader", () => {
  beforeAll(() => useTestBackend("cpu"));
  /** Windows [0 1], [1 2], [2 3]; as batches of two, the second has one window. */
  const loader = (generator: Generator): DataLoader =>
    new DataLoader(new GPTDatasetV1(Int32Array.of(0, 1, 2, 3), undefined, { maxLength: 1, stride: 1 }), {
      batchSize: 2,
      shuffle: false,
      dropLast: false,
      generator,
    });

  it("gives the mean of the batches' means, not of all windows", async () => {
    const batches = [(lossOf(0, 1) + lossOf(1, 2)) / 2, lossOf(2, 3)];
    const model = new Sloped();
    await expectNoTensorLeak(async () => {
      const mean = await calcLossLoader(loader(new Generator()), model);
      expect(mean).toBeCloseTo(((batches[0] ?? 0) + (batches[1] ?? 0)) / 2, 5);
    });
    expect(await calcLossLoader(loader(new Generator()), model, { numBatches: 1 })).toBeCloseTo(batches[0] ?? 0, 5);
    expect(await calcLossLoader(loader(new Generator()), model, { numBatches: 99 })).toBeCloseTo(
      await calcLossLoader(loader(new Generator()), model),
      10,
    );
  });

  it("is NaN where there is no batch, and then draws nothing", async () => {
    const generator = new Generator(1);
    const dataset = new GPTDatasetV1(Int32Array.of(0, 1), undefined, { maxLength: 1, stride: 1 });
    const empty = new DataLoader(dataset, { batchSize: 2, generator });
    expect(await calcLossLoader(empty, new Sloped())).toBeNaN();
    expect(generator.position).toBe(0);
  });
});

describe("evaluateModel", () => {
  beforeAll(() => useTestBackend("cpu"));

  it("is without dropout, restores the mode, and draws for one pass of each loader", async () => {
    const run = tinyRun({ dropout: "fast" });
    const options = { ...run, evalIter: 2 };
    const before = run.generator.position;
    const { valLoss } = await evaluateModel(options);
    expect(run.generator.position - before).toBe(6); // shuffled: 2 + 2; in order: 2
    expect(run.model.training).toBe(true);
    expect((await evaluateModel(options)).valLoss).toBe(valLoss);
    run.model.eval();
    await evaluateModel(options);
    expect(run.model.training).toBe(false);
    run.dispose();
  });

  it("leaves a part of the model that is in evaluation mode there", async () => {
    const run = tinyRun({ dropout: "fast" });
    const [block] = run.model.trfBlocks;
    block?.eval();
    await evaluateModel({ ...run, evalIter: 1 });
    expect([run.model.training, block?.training, block?.att.training]).toEqual([true, false, false]);
    run.dispose();
  });
});

it("turns chapter 5's loss into its perplexity", () => {
  expect(Math.abs(perplexity(10.794) - 48_725.82)).toBeLessThan(3); // the loss has four decimals
});
