import {
  AdamW,
  clipGradNorm,
  crossEntropy,
  Dropout,
  Embedding,
  FastDropout,
  Generator,
  hostTensor,
  Linear,
  Module,
  ReLU,
  SGD,
  TorchDropout,
  useDropout,
  valueAndGrads,
} from "@scratch-llm/nn";
import { closeTo, useTestBackend } from "@test/backend.ts";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { compile, type CompileOptions } from "./compile.ts";
import { nativeBackend } from "./native-backend.ts";

const native = await useTestBackend("native");
const opened: { dispose?: () => void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.dispose?.();
});

/** Compiles, and disposes after the test. */
function compiled<A extends tf.Tensor[], R extends tf.Tensor | tf.Tensor[]>(
  fn: (...args: A) => R,
  options?: CompileOptions,
): ReturnType<typeof compile<A, R>> {
  const result = compile(fn, options);
  opened.push(result);
  return result;
}

class Net extends Module {
  readonly embedding: Embedding;
  readonly hidden: Linear;
  readonly dropout: Dropout = new Dropout(0.3);
  readonly head: Linear;

  constructor(generator: Generator = new Generator(7)) {
    super();
    this.embedding = new Embedding(11, 6, { generator });
    this.hidden = new Linear(6, 8, { generator });
    this.head = new Linear(8, 11, { generator });
  }

  forward(ids: tf.Tensor1D): tf.Tensor2D {
    const hidden = new ReLU().forward(this.hidden.forward(this.embedding.forward(ids)));
    return this.head.forward(this.dropout.forward(hidden)) as tf.Tensor2D;
  }
}

const IDS = [3, 1, 4, 1, 5, 9, 2, 6];
const inputs = (): tf.Tensor1D => tf.tensor1d(IDS, "int32");
const targets = (): tf.Tensor1D => tf.tensor1d([...IDS.slice(1), 5], "int32");
const read = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;
const weights = (model: Module): number[] => model.parameters().flatMap((variable) => [...variable.dataSync()]);

type Step = (x: tf.Tensor1D, y: tf.Tensor1D) => tf.Tensor;
type MakeStep = (model: Net) => Step;

/** The losses of a training run, and the weights after it. */
function train(
  make: MakeStep,
  { eager = false, steps = 20, ...options }: CompileOptions & { eager?: boolean; steps?: number },
): {
  losses: number[];
  weights: number[];
} {
  const model = new Net();
  const step = make(model);
  const run = eager ? step : compiled(step, options);
  const losses = Array.from({ length: steps }, () => tf.tidy(() => read(run(inputs(), targets()))));
  return { losses, weights: weights(model) };
}

const adamW: MakeStep = (model) => {
  model.eval();
  const optimizer = new AdamW(model.namedParameters(), { lr: 0.01, weightDecay: 0.1 });
  return (x, y) => {
    const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
    optimizer.step(grads);
    return value;
  };
};

/** Compiled runs must equal eager ones. */
function expectEqualRuns(make: MakeStep, relative = 1e-4): void {
  const eager = train(make, { eager: true });
  const graph = train(make, {});
  graph.losses.forEach((loss, i) => expect(Math.abs(loss / (eager.losses[i] as number) - 1)).toBeLessThan(relative));
  closeTo(graph.weights, eager.weights, 1e-4);
  expect(graph.losses.at(-1)).toBeLessThan(graph.losses[0] as number);
}

describe.skipIf(!native)("a compiled training step equals the eager one", () => {
  test("with AdamW and weight decay", () => expectEqualRuns(adamW));

  test("with SGD", () => {
    expectEqualRuns((model) => {
      model.eval();
      const optimizer = new SGD(model.namedParameters(), { lr: 0.5 });
      return (x, y) => {
        const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
        optimizer.step(grads);
        return value;
      };
    });
  });

  test("with clipping and groups of decay", () => {
    expectEqualRuns((model) => {
      model.eval();
      const params = [...model.namedParameters()];
      const group = (isBias: boolean): Map<string, tf.Variable> =>
        new Map(params.filter(([name]) => name.endsWith("bias") === isBias));
      const groups = [
        { params: group(false), weightDecay: 0.5 },
        { params: group(true), weightDecay: 0, lrScale: 2 },
      ];
      const optimizer = new AdamW(groups, { lr: 0.01 });
      const step: Step = (x, y) => {
        const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
        optimizer.step(clipGradNorm(grads, 0.5).grads);
        return value;
      };
      return step;
    });
  });

  test("with a learning rate that changes from call to call", () => {
    const run = (eager: boolean): number[] => {
      const model = new Net();
      model.eval();
      const optimizer = new AdamW(model.namedParameters());
      const step: Step = (x, y) => {
        const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
        optimizer.step(grads);
        return value;
      };
      const call = eager ? step : compiled(step);
      return Array.from({ length: 6 }, (_, i) => {
        optimizer.lr = 0.1 / (i + 1);
        return read(call(inputs(), targets()));
      });
    };
    closeTo(run(false), run(true), 1e-5);
  });

  test("with fast dropout: the same seeds, the same masks", () => {
    expectEqualRuns((model) => {
      useDropout(model, new FastDropout(new Generator(5)));
      const optimizer = new AdamW(model.namedParameters(), { lr: 0.01 });
      return (x, y) => {
        const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
        optimizer.step(grads);
        return value;
      };
    });
  });

  test("with PyTorch's masks, drawn anew for each step", () => {
    expectEqualRuns((model) => {
      useDropout(model, new TorchDropout(new Generator(5)));
      const optimizer = new AdamW(model.namedParameters(), { lr: 0.01 });
      return (x, y) => {
        const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
        optimizer.step(grads);
        return value;
      };
    });
  });

  test("with gradients accumulated in variables", () => {
    const run = (eager: boolean): number[] => {
      const model = new Net();
      model.eval();
      const params = model.namedParameters();
      const sums = new Map([...params].map(([name, variable]) => [name, tf.variable(tf.zerosLike(variable), false)]));
      const optimizer = new AdamW(params, { lr: 0.01 });
      const add: Step = (x, y) => {
        const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), params);
        for (const [name, grad] of grads) sums.get(name)?.assign(sums.get(name)!.add(grad.mul(0.5)));
        return value;
      };
      const apply = (): tf.Tensor => {
        optimizer.step(sums);
        for (const sum of sums.values()) sum.assign(tf.zerosLike(sum));
        return tf.scalar(0);
      };
      const [micro, update] = eager ? [add, apply] : [compiled(add), compiled(apply)];
      for (let i = 0; i < 4; i++) tf.tidy(() => [micro(inputs(), targets()), micro(targets(), inputs()), update()]);
      return weights(model);
    };
    closeTo(run(false), run(true), 1e-5);
  });

  test("with targets that do not count", () => {
    const ignoring = (): tf.Tensor1D => tf.tensor1d([1, -100, 2, -100, -100, 3, 4, -100], "int32");
    const model = new Net();
    model.eval();
    const loss: Step = (x, y) => {
      const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
      return tf.stack([value, ...[...grads.values()].map((grad) => grad.square().sum())]);
    };
    closeTo(compiled(loss)(inputs(), ignoring()), loss(inputs(), ignoring()), 1e-5);
  });
});

describe.skipIf(!native)("what needs no gradient", () => {
  test("frozen parameters stay as they are, and cost no gradient; unfreezing is noticed", () => {
    const model = new Net();
    model.eval();
    const before = weights(model);
    model.embedding.freeze();
    model.hidden.freeze();
    const optimizer = new AdamW(model.namedParameters(), { lr: 0.1 });
    const step = compiled((x: tf.Tensor1D, y: tf.Tensor1D) => {
      const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
      optimizer.step(grads);
      return [value, tf.scalar(grads.size)];
    });
    expect(read(step(inputs(), targets())[1] as tf.Tensor)).toBe(2);
    const frozen = 11 * 6 + 6 * 8 + 8;
    expect(weights(model).slice(0, frozen)).toEqual(before.slice(0, frozen));
    expect(weights(model).slice(frozen)).not.toEqual(before.slice(frozen));
    model.hidden.unfreeze();
    optimizer.step(
      new Map([
        ["hidden.bias", tf.zeros([8])],
        ["hidden.weight", tf.zeros([8, 6])],
      ]),
    ); // makes its averages
    expect(read(step(inputs(), targets())[1] as tf.Tensor)).toBe(4);
  });

  test("low-rank adapters train beside frozen weights", () => {
    const run = (eager: boolean): { losses: number[]; frozen: number[] } => {
      const model = new Net();
      model.eval().freeze();
      const generator = new Generator(3);
      const [a, b] = [tf.variable(tf.tensor2d(generator.normal(2 * 6, 0, 0.5), [6, 2])), tf.variable(tf.zeros([2, 8]))];
      const params = new Map<string, tf.Variable>([
        ["a", a],
        ["b", b],
      ]);
      const optimizer = new AdamW(params, { lr: 0.05 });
      const forward = (x: tf.Tensor1D): tf.Tensor2D => {
        const embedded = model.embedding.forward(x) as tf.Tensor2D;
        const adapted = tf.matMul(tf.matMul(embedded, a as tf.Tensor2D), b as tf.Tensor2D).mul(2);
        return model.head.forward(model.hidden.forward(embedded).add(adapted).relu()) as tf.Tensor2D;
      };
      const step: Step = (x, y) => {
        const { value, grads } = valueAndGrads(() => crossEntropy(forward(x), y), params);
        optimizer.step(grads);
        return value;
      };
      const call = eager ? step : compiled(step);
      return {
        losses: Array.from({ length: 10 }, () => read(call(inputs(), targets()))),
        frozen: weights(model),
      };
    };
    const [graph, eager] = [run(false), run(true)];
    closeTo(graph.losses, eager.losses, 1e-5);
    expect(graph.frozen).toEqual(weights(new Net()));
    expect(graph.losses.at(-1)).toBeLessThan((graph.losses[0] as number) - 0.1);
  });
});

describe.skipIf(!native)("variables", () => {
  let model: Net;
  let step: ReturnType<typeof compile<[tf.Tensor1D, tf.Tensor1D], tf.Tensor>>;
  let evaluate: ReturnType<typeof compile<[tf.Tensor1D, tf.Tensor1D], tf.Tensor>>;

  beforeAll(() => {
    model = new Net();
    step = compile(adamW(model));
    evaluate = compile((x: tf.Tensor1D, y: tf.Tensor1D) => crossEntropy(model.forward(x), y));
    return () => {
      step.dispose?.();
      evaluate.dispose?.();
    };
  });

  test("are shared by several compiled functions", () => {
    const before = read(evaluate(inputs(), targets()));
    expect(read(step(inputs(), targets()))).toBeCloseTo(before, 6);
    const after = read(evaluate(inputs(), targets()));
    expect(after).toBeLessThan(before);
    expect(read(step(inputs(), targets()))).toBeCloseTo(after, 6);
  });

  test("are what eager operations see, at any time", () => {
    const eager = tf.tidy(() => read(crossEntropy(model.forward(inputs()), targets())));
    expect(read(step(inputs(), targets()))).toBeCloseTo(eager, 5);
    const later = tf.tidy(() => read(crossEntropy(model.forward(inputs()), targets())));
    expect(later).toBeLessThan(eager);
  });

  test("can be assigned from outside while they are compiled", () => {
    const initial = new Net();
    read(step(inputs(), targets()));
    model.loadStateDict(initial.stateDict());
    closeTo(
      evaluate(inputs(), targets()),
      tf.tidy(() => crossEntropy(initial.eval().forward(inputs()), targets())),
      1e-6,
    );
  });

  test("keep the value of a clone that was made before", () => {
    const clone = model.head.bias!.clone();
    const values = [...clone.dataSync()];
    read(step(inputs(), targets()));
    expect([...clone.dataSync()]).toEqual(values);
    expect([...model.head.bias!.dataSync()]).not.toEqual(values);
  });

  test("come back whole on sync and dispose", () => {
    const own = new Net();
    const update = compile(adamW(own));
    read(update(inputs(), targets()));
    update.sync?.();
    const synced = weights(own);
    read(update(inputs(), targets()));
    update.dispose?.();
    expect(weights(own)).not.toEqual(synced);
    expect(weights(own).every(Number.isFinite)).toBe(true);
  });
});

describe.skipIf(!native)("calls", () => {
  test("with other shapes are recorded anew, a bounded number of times", () => {
    let recordings = 0;
    const double = compiled((x: tf.Tensor) => {
      recordings++;
      return x.mul(2);
    });
    for (const size of [1, 2, 1, 2]) expect(double(tf.ones([size])).shape).toEqual([size]);
    expect(recordings).toBe(2);
    for (let size = 1; size <= 12; size++)
      expect([...double(tf.fill([size], size)).dataSync()]).toEqual(Array(size).fill(2 * size));
    expect(recordings).toBe(12);
    double(tf.ones([1])); // has made room meanwhile
    expect(recordings).toBe(13);
  });

  test("may return an array, constants, arguments and variables", () => {
    const variable = tf.variable(tf.scalar(3));
    const [constant, argument, value] = compiled((x: tf.Tensor) => [tf.scalar(2), x, variable])(tf.scalar(1));
    expect([constant, argument, value].map((one) => read(one as tf.Tensor))).toEqual([2, 1, 3]);
  });

  test("may get a variable that they change", () => {
    const variable = tf.variable(tf.scalar(1));
    const bump = compiled((x: tf.Tensor) => {
      variable.assign(variable.add(1));
      return x.add(0.5);
    });
    expect([read(bump(variable)), read(bump(variable)), read(variable)]).toEqual([1.5, 2.5, 3]);
  });

  test("get host tensors afresh, in order", () => {
    let count = 0;
    const next = compiled(() => {
      const [a, b] = [0, 0].map(() => hostTensor(() => Float32Array.of(++count), { shape: [] })) as [
        tf.Tensor,
        tf.Tensor,
      ];
      return a.mul(10).add(b);
    });
    expect([read(next()), read(next())]).toEqual([12, 34]);
  });

  test("inside a gradient or another compiled function are part of it", () => {
    const square = compiled((x: tf.Tensor) => x.square());
    expect(read(tf.grad((x) => square(x))(tf.scalar(3)))).toBe(6);
    expect(read(compiled((x: tf.Tensor) => square(x).add(1))(tf.scalar(3)))).toBe(10);
  });

  test("leave no tensor behind", () => {
    const model = new Net();
    const step = compiled(adamW(model));
    const run = (): number => tf.tidy(() => read(step(inputs(), targets())));
    run();
    const counts = (): number[] => [tf.memory().numTensors, tf.memory().numDataBuffers, nativeTensors()];
    const before = counts();
    for (let i = 0; i < 20; i++) run();
    expect(counts()).toEqual(before);
  });

  test("give bit-identical runs", () => {
    const [first, second] = [train(adamW, {}), train(adamW, {})];
    expect(first).toEqual(second);
  });

  test("in bfloat16 are near those in float32", () => {
    const [narrow, full] = [train(adamW, { precision: "bf16" }), train(adamW, {})];
    closeTo(narrow.losses, full.losses, 0.02);
    expect(narrow.losses).not.toEqual(full.losses);
  });
});

test.skipIf(!native)("300 cycles of compiling and disposing leave nothing behind", () => {
  const variable = tf.variable(tf.zeros([256, 256]));
  const cycle = (): void => {
    const bump = compile((x: tf.Tensor) => {
      variable.assign(variable.add(x));
      return variable.sum();
    });
    tf.tidy(() => read(bump(tf.scalar(1))));
    bump.dispose?.();
  };
  for (let i = 0; i < 20; i++) cycle();
  const before = { tensors: tf.memory().numTensors, native: nativeTensors(), rss: process.memoryUsage().rss };
  for (let i = 0; i < 300; i++) cycle();
  expect(tf.memory().numTensors).toBe(before.tensors);
  expect(nativeTensors()).toBe(before.native);
  expect(process.memoryUsage().rss - before.rss).toBeLessThan(60e6); // 300 copies of the variable would be 79 MB
  expect(variable.dataSync()[0]).toBe(320);
});

test("elsewhere it is the function itself", async () => {
  await useTestBackend("cpu");
  const fn = (x: tf.Tensor): tf.Tensor => x.square();
  expect(compile(fn)).toBe(fn);
  await useTestBackend("native");
});

/** Tensors that TensorFlow holds for JavaScript. */
function nativeTensors(): number {
  return (nativeBackend().binding as unknown as { getNumOfTensors(): number }).getNumOfTensors();
}
