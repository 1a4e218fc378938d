import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import { describe, expect, test } from "vitest";
import { ArgumentError, Embedding, Generator, Linear, Module, ReLU, Sequential, ShapeError, softmax } from "./index.ts";

interface Fixture {
  layers: { linear: { weight: number[]; bias: number[] }; embedding: number[] };
}
const FIXTURE = new URL("../../../fixtures/nn/generator.json", import.meta.url);
const torch = (JSON.parse(readFileSync(FIXTURE, "utf8")) as Fixture).layers;

/** The network of the book's appendix A.4. */
class NeuralNetwork extends Module {
  readonly layers: Sequential;

  constructor(numInputs: number, numOutputs: number, generator: Generator) {
    super();
    this.layers = new Sequential(
      new Linear(numInputs, 30, { generator }),
      new ReLU(),
      new Linear(30, 20, { generator }),
      new ReLU(),
      new Linear(20, numOutputs, { generator }),
    );
  }

  forward<T extends tf.Tensor>(x: T): T {
    return this.layers.forward(x);
  }
}

describe("Linear", () => {
  test("starts from PyTorch's values, to the bit", () => {
    const linear = new Linear(7, 5, { generator: new Generator(123) });
    expect([...linear.weight.dataSync()]).toEqual(torch.linear.weight);
    expect([...(linear.bias as tf.Variable).dataSync()]).toEqual(torch.linear.bias);
  });

  test("maps the last axis and keeps the others", () => {
    const linear = new Linear(3, 2);
    expect(linear.forward(tf.ones([4, 5, 3])).shape).toEqual([4, 5, 2]);
    expect(linear.forward(tf.ones([3])).shape).toEqual([2]);
    expect(() => linear.forward(tf.ones([2, 4]))).toThrow(ShapeError);
    expect(() => linear.forward(tf.ones([2, 4]))).toThrow("expects an input of shape [..., 3], got [2, 4]");
  });

  test("shares a weight without drawing one", () => {
    const generator = new Generator(1);
    const { weight } = new Embedding(4, 3, { generator });
    const { position } = generator;
    const head = new Linear(3, 4, { bias: false, weight, generator });
    expect(head.weight).toBe(weight);
    expect(head.bias).toBeNull();
    expect(generator.position).toBe(position);
    expect(() => new Linear(4, 3, { weight })).toThrow("expects a shared weight [3, 4], got [4, 3]");
  });
});

describe("Embedding", () => {
  test("starts from PyTorch's values, to the bit: the book's table of section 2.7", () => {
    const { weight } = new Embedding(6, 3, { generator: new Generator(123) });
    expect([...weight.dataSync()]).toEqual(torch.embedding);
    const book = [0.3374, -0.1778, -0.169, 0.9178, 1.581, 1.301, 1.2753, -0.201, -0.1606, -0.4015, 0.9666, -1.1481];
    expectClose(weight.slice([0, 0], [4, 3]), book, FOUR_DECIMALS);
  });

  test("looks rows up", () => {
    const embedding = new Embedding(5, 2);
    const rows = embedding.weight.arraySync() as number[][];
    const ids = tf.tensor2d(
      [
        [4, 0],
        [4, 2],
      ],
      [2, 2],
      "int32",
    );
    expect(embedding.forward(ids).arraySync()).toEqual([
      [rows[4], rows[0]],
      [rows[4], rows[2]],
    ]);
    expect(() => embedding.forward(tf.tensor1d([1, 2]))).toThrow(ArgumentError);
  });
});

describe("the book's neural network (appendix A.4)", () => {
  test("its parameters and its first weights", () => {
    const model = new NeuralNetwork(50, 3, new Generator(123));
    expect(model.numParameters()).toBe(2213);
    const weight = model.namedParameters().get("layers.0.weight") as tf.Variable;
    const row = weight.dataSync().subarray(0, 50);
    expectClose(row.subarray(0, 3), [-0.0577, 0.0047, -0.0702], FOUR_DECIMALS);
    expectClose(row.subarray(-3), [0.0222, 0.126, 0.0865], FOUR_DECIMALS);
  });

  test("its output for torch.rand(1, 50)", () => {
    const model = new NeuralNetwork(50, 3, new Generator(123));
    const out = model.forward(tf.tensor2d(new Generator(123).uniform(50), [1, 50]));
    expectClose(out, [-0.1262, 0.108, -0.1792], FOUR_DECIMALS);
    expectClose(softmax(out), [0.3113, 0.3934, 0.2952], FOUR_DECIMALS);
  });
});

test("Sequential names its layers by number", () => {
  const layers = new Sequential(new ReLU(), new Linear(1, 1));
  expect([...layers.namedParameters().keys()]).toEqual(["1.weight", "1.bias"]);
  expect(layers).toHaveLength(2);
  expect(layers[1]).toBeInstanceOf(Linear);
});

test("a layer of a Sequential can be replaced", () => {
  const layers = new Sequential(new ReLU(), new Linear(1, 1));
  layers[1] = new ReLU();
  expect([...layers.forward(tf.tensor2d([[-1, 2]])).dataSync()]).toEqual([0, 2]);
  expect(layers.parameters()).toEqual([]);
});
