import { readFileSync } from "node:fs";
import { closeTo, expectNoTensorLeak } from "@test/backend.ts";
import { expectClose, FOUR_DECIMALS } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  AdamW,
  ArgumentError,
  clipGradNorm,
  crossEntropy,
  Generator,
  GradientAccumulator,
  gradNorm,
  Linear,
  Module,
  ReLU,
  Sequential,
  SGD,
  StateDictError,
  valueAndGrads,
} from "../index.ts";

interface Packed {
  shape: number[];
  values: number[];
}
type Named = Record<"weight" | "bias", Packed>;
interface Run {
  initial: Named;
  steps: { lr: number; grads: Named; clipped?: Named; norm?: number; params: Named }[];
}
const FIXTURE = new URL("../../../../fixtures/nn/functional.json", import.meta.url);
const torch = JSON.parse(readFileSync(FIXTURE, "utf8")) as Record<"sgd" | "adamw" | "groups" | "clipped", Run>;

const unpack = ({ shape, values }: Packed): tf.Tensor => tf.tensor(values, shape, "float32");
const tensors = (named: Named): Map<string, tf.Tensor> =>
  new Map([
    ["weight", unpack(named.weight)],
    ["bias", unpack(named.bias)],
  ]);
const variables = (named: Named): Map<string, tf.Variable> =>
  new Map([...tensors(named)].map(([name, value]) => [name, tf.variable(value)]));

function expectParams(params: ReadonlyMap<string, tf.Tensor>, expected: Named, tolerance = 1e-7): void {
  for (const [name, value] of tensors(expected)) closeTo(params.get(name) as tf.Tensor, value, tolerance);
}

describe("three steps equal torch's", () => {
  test("SGD", () => {
    const params = variables(torch.sgd.initial);
    const optimizer = new SGD(params, { lr: 1 });
    for (const step of torch.sgd.steps) {
      optimizer.lr = step.lr;
      optimizer.step(tensors(step.grads));
      expectParams(params, step.params, 2.5e-7);
    }
  });

  test("AdamW", () => {
    const params = variables(torch.adamw.initial);
    const optimizer = new AdamW(params, { weightDecay: 0.1 });
    for (const step of torch.adamw.steps) {
      optimizer.step(tensors(step.grads), { lr: step.lr });
      expectParams(params, step.params, 2.5e-7);
    }
    expect(optimizer.stepCount).toBe(3);
  });

  test("AdamW with groups, other betas and ε", () => {
    const params = variables(torch.groups.initial);
    const only = (name: string): Map<string, tf.Variable> => new Map([[name, params.get(name) as tf.Variable]]);
    const groups = [
      { params: only("weight"), weightDecay: 0.1 },
      { params: only("bias"), weightDecay: 0, lrScale: 0.5 },
    ];
    const optimizer = new AdamW(groups, { betas: [0.8, 0.95], eps: 1e-6 });
    for (const step of torch.groups.steps) {
      optimizer.lr = step.lr;
      optimizer.step(tensors(step.grads));
      expectParams(params, step.params, 2.5e-7);
    }
  });

  test("clipGradNorm", () => {
    for (const step of torch.clipped.steps) {
      const { grads, norm } = clipGradNorm(tensors(step.grads), 1);
      closeTo(norm, [step.norm as number], 1e-6);
      expectParams(grads, step.clipped as Named);
      const fed = clipGradNorm(tensors(step.grads), tf.scalar(1));
      expectParams(fed.grads, step.clipped as Named);
    }
  });
});

describe("AdamW", () => {
  const named = (values: number[]): Map<string, tf.Variable> => new Map([["w", tf.variable(tf.tensor1d(values))]]);
  const grad = (...values: number[]): Map<string, tf.Tensor> => new Map([["w", tf.tensor1d(values)]]);

  test("saves and goes on by name, to the bit", () => {
    const [params, twin] = [named([1, -2]), named([1, -2])];
    const [first, second] = [new AdamW(params), new AdamW(twin)];
    first.step(grad(0.5, 0.25));
    for (const [name, variable] of params) twin.get(name)?.assign(variable);
    second.loadStateDict(
      new Map([...first.stateDict()].map(([name, value]) => [name, value.clone()])),
      first.stepCount,
    );
    first.step(grad(-1, 2));
    second.step(grad(-1, 2));
    expect(twin.get("w")?.dataSync()).toEqual(params.get("w")?.dataSync());
    expect([...second.stateDict().keys()]).toEqual(["m.w", "v.w"]);
  });

  test("refuses a state that does not fit, whole", () => {
    const optimizer = new AdamW(named([1, 2]));
    const state = new Map([
      ["m.w", tf.ones([2])],
      ["v.other", tf.ones([2])],
    ]);
    expect(() => optimizer.loadStateDict(state, 3)).toThrow(StateDictError);
    expect(optimizer.stepCount).toBe(0);
    closeTo(optimizer.stateDict().get("m.w") as tf.Tensor, [0, 0], 0);
    expect(() => optimizer.loadStateDict(optimizer.stateDict(), -1)).toThrow("whole number from 0 on, got -1");
  });

  test("keeps no averages for frozen parameters until they are unfrozen", () => {
    const params = named([1, 2]);
    const variable = params.get("w") as tf.Variable;
    variable.trainable = false;
    const optimizer = new AdamW(params);
    expect(optimizer.stateDict().size).toBe(0);
    variable.trainable = true;
    optimizer.step(grad(1, 1));
    expect(optimizer.stateDict().size).toBe(2);
  });

  test("an unknown gradient is named, and nothing is updated", () => {
    const params = named([1, 2]);
    const grads = new Map([...grad(1, 1), ["b", tf.zeros([1])]]);
    const optimizer = new AdamW(params);
    expect(() => optimizer.step(grads)).toThrow('no parameter "b"');
    expect(optimizer.stepCount).toBe(0);
    expect(() => new SGD(params, { lr: 1 }).step(grads)).toThrow('no parameter "b"');
    closeTo(params.get("w") as tf.Tensor, [1, 2], 0);
  });

  test("refuses settings out of range and a name in two groups", () => {
    const params = named([1]);
    expect(() => new AdamW(params, { lr: -1 })).toThrow("lr must be 0 or more, got -1");
    expect(() => new AdamW(params, { betas: [0.9, 1] })).toThrow("betas must be in [0, 1), got 0.9, 1");
    expect(() => new AdamW([{ params }, { params }])).toThrow(ArgumentError);
    expect(() => new SGD(params, { lr: Number.NaN })).toThrow(ArgumentError);
  });
});

describe("gradients", () => {
  let model: Linear;
  const x = tf.tensor2d([[1, 2]]);
  beforeEach(() => {
    model = new Linear(2, 1, { generator: new Generator(1) });
  });
  afterEach(() => model.dispose());
  const loss = (): tf.Scalar => model.forward(x).square().sum() as tf.Scalar;

  test("come by name, without frozen and unused parameters", () => {
    const params = new Map([...model.namedParameters(), ["unused", tf.variable(tf.zeros([1]))]]);
    const { value, grads } = valueAndGrads(loss, params);
    expect([...grads.keys()]).toEqual(["weight", "bias"]);
    const y = Math.sqrt(value.dataSync()[0] as number) * Math.sign(model.forward(x).dataSync()[0] as number);
    closeTo(grads.get("weight") as tf.Tensor, [2 * y, 4 * y], 1e-5);
    model.bias?.dispose();
    model.weight.trainable = false;
    const other = tf.variable(tf.ones([2, 1]));
    const frozen = valueAndGrads(
      () => x.matMul(other).sum(),
      new Map([
        ["weight", model.weight],
        ["other", other],
      ]),
    );
    expect([...frozen.grads.keys()]).toEqual(["other"]);
  });

  test("accumulate to their weighted sum", async () => {
    const accumulator = new GradientAccumulator();
    const grads = (value: number): Map<string, tf.Tensor> => new Map([["w", tf.tensor1d([value, 2 * value])]]);
    accumulator.add(grads(3), 0.5);
    accumulator.add(grads(5), 0.5);
    const sums = accumulator.take();
    closeTo(sums.get("w") as tf.Tensor, [4, 8], 0);
    accumulator.add(grads(1));
    closeTo(accumulator.take().get("w") as tf.Tensor, [1, 2], 0);
    const given = grads(1);
    await expectNoTensorLeak(() => {
      accumulator.add(given);
      accumulator.add(given);
      accumulator.dispose();
    });
  });

  test("their norm is one over all of them", () => {
    const grads = new Map<string, tf.Tensor>([
      ["a", tf.tensor1d([3])],
      ["b", tf.tensor2d([[0, 4]])],
    ]);
    closeTo(gradNorm(grads), [5], 1e-6);
    closeTo(clipGradNorm(grads, 10).grads.get("b") as tf.Tensor, [0, 4], 0);
    closeTo(gradNorm(new Map()), [0], 0);
    expect(() => clipGradNorm(grads, 0)).toThrow("maxNorm must be above 0, got 0");
  });
});

test("a training step leaves no tensor behind", async () => {
  const model = new Sequential(new Linear(3, 4), new ReLU(), new Linear(4, 2));
  const params = model.namedParameters();
  const optimizer = new AdamW(params);
  const [x, y] = [tf.ones([5, 3]), tf.zeros([5], "int32")];
  await expectNoTensorLeak(() => {
    const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), params);
    const clipped = clipGradNorm(grads, 0.1);
    optimizer.step(clipped.grads);
    tf.dispose([value, clipped.norm, ...grads.values(), ...clipped.grads.values()]);
  });
  await expectNoTensorLeak(() => {
    const other = new Linear(3, 4);
    new AdamW(other.namedParameters()).dispose();
    other.dispose();
  });
});

/** The classifier of the book's appendix A.7. */
class NeuralNetwork extends Module {
  readonly layers: Sequential;
  constructor(generator: Generator) {
    super();
    this.layers = new Sequential(
      new Linear(2, 30, { generator }),
      new ReLU(),
      new Linear(30, 20, { generator }),
      new ReLU(),
      new Linear(20, 2, { generator }),
    );
  }
}

test("the book's training run of appendix A.7", () => {
  const x = [
    [-1.2, 3.1],
    [-0.9, 2.9],
    [-0.5, 2.6],
    [2.3, -1.1],
    [2.7, -1.5],
  ];
  const y = [0, 0, 0, 1, 1];
  const generator = new Generator(123);
  const model = new NeuralNetwork(generator);
  const params = model.namedParameters();
  const optimizer = new SGD(params, { lr: 0.5 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    generator.random64(); // a pass over PyTorch's DataLoader draws a base seed, then the shuffle's
    const order = new Generator(Number(BigInt.asUintN(32, generator.random64()))).randperm(5);
    for (const rows of [order.slice(0, 2), order.slice(2, 4)]) {
      const inputs = tf.tensor2d([...rows].map((row) => x[row] as number[]));
      const labels = tf.tensor1d(
        [...rows].map((row) => y[row] as number),
        "int32",
      );
      const { value, grads } = valueAndGrads(() => crossEntropy(model.layers.forward(inputs), labels), params);
      optimizer.step(grads);
      losses.push(value.dataSync()[0] as number);
    }
  }
  expectClose(losses, [0.75, 0.65, 0.44, 0.13, 0.03, 0.0], { absolute: 5e-3 + 1e-6 });
  const outputs = [2.8569, -4.1618, 2.5382, -3.7548, 2.0944, -3.182, -1.4814, 1.4816, -1.7176, 1.7342];
  expectClose(model.layers.forward(tf.tensor2d(x)), outputs, FOUR_DECIMALS);
});
