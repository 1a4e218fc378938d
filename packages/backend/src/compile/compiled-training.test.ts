import {
  AdamW,
  clipGradNorm,
  crossEntropy,
  FastDropout,
  Generator,
  SGD,
  TorchDropout,
  useDropout,
  valueAndGrads,
} from "@scratch-llm/nn";
import { closeTo, useTestBackend } from "@test/backend.ts";
import { compiled } from "@test/compiled.ts";
import { inputs, read, type Step, targets, TestNet, weights } from "@test/test-net.ts";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { CompileOptions } from "./compile.ts";

const native = await useTestBackend("native");
type MakeStep = (model: TestNet) => Step;

/** The losses of a training run, and the weights after it. */
function train(
  make: MakeStep,
  { eager = false, steps = 20, ...options }: CompileOptions & { eager?: boolean; steps?: number },
): {
  losses: number[];
  weights: number[];
} {
  const model = new TestNet();
  const step = make(model);
  const run = eager ? step : compiled(step, options);
  const losses = Array.from({ length: steps }, () => tf.tidy(() => read(run(inputs(), targets()))));
  return { losses, weights: weights(model) };
}

/** A step with AdamW. */
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
      const model = new TestNet();
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
      const model = new TestNet();
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
    const model = new TestNet();
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
    const model = new TestNet();
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
      const model = new TestNet();
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
    expect(graph.frozen).toEqual(weights(new TestNet()));
    expect(graph.losses.at(-1)).toBeLessThan((graph.losses[0] as number) - 0.1);
  });
});

describe.skipIf(!native)("compiled runs", () => {
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
