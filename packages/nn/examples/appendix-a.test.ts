import { manualSeed, softmax } from "@scratch-llm/nn";
import { defaultGenerator } from "@scratch-llm/nn";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { NeuralNetwork } from "./neural-network.ts";
import { testSet, toyLoader, trainSet } from "./toy-dataset.ts";
import { accuracy, trainToy } from "./train-toy.ts";

it("builds section A.5's network with seed 123", () => {
  manualSeed(123);
  const model = new NeuralNetwork(50, 3);
  expect(model.numParameters()).toBe(2213);
  const [weight] = model.parameters();
  const row = (weight as tf.Variable).slice([0, 0], [1, 50]).dataSync();
  expectClose(row.slice(0, 3), [-0.0577, 0.0047, -0.0702], FOUR_DECIMALS);
  expectClose(row.slice(-3), [0.0222, 0.126, 0.0865], FOUR_DECIMALS);

  manualSeed(123);
  const out = model.forward(tf.tensor2d(defaultGenerator.uniform(50), [1, 50]));
  expectClose(out, [-0.1262, 0.108, -0.1792], FOUR_DECIMALS);
  expectClose(softmax(out), [0.3113, 0.3934, 0.2952], FOUR_DECIMALS);
});

it("shuffles like section A.6's loader", () => {
  manualSeed(123);
  const order = (dropLast: boolean): number[][] =>
    Array.from(toyLoader(trainSet, { batchSize: 2, shuffle: true, dropLast }), ({ indices }) => [...indices]);
  expect(order(false)).toEqual([[3, 1], [0, 2], [4]]);
  expect(order(true)).toEqual([
    [0, 2],
    [3, 1],
  ]);
});

it("trains as section A.7 does", () => {
  manualSeed(123);
  const model = new NeuralNetwork(2, 2);
  const losses = Array.from(trainToy(model, trainSet), ({ loss }) => loss.toFixed(2));
  expect(losses).toEqual(["0.75", "0.65", "0.44", "0.13", "0.03", "0.00"]);
  const expected = [
    [2.8569, -4.1618],
    [2.5382, -3.7548],
    [2.0944, -3.182],
    [-1.4814, 1.4816],
    [-1.7176, 1.7342],
  ];
  expectClose(model.forward(tf.tensor2d(trainSet.features.map((row) => [...row]))), expected, FOUR_DECIMALS);
  expect(accuracy(model, trainSet)).toBe(1);
  expect(accuracy(model, testSet)).toBe(1);
});
