import { AdamW, crossEntropy, hostTensor, valueAndGrads, writeSlice } from "@scratch-llm/nn";
import { closeTo, useTestBackend } from "@test/backend.ts";
import { compiled } from "@test/compiled.ts";
import { inputs, read, type Step, targets, TestNet, weights } from "@test/test-net.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "./compile.ts";
import { nativeBackend } from "./native-backend.ts";

const native = await useTestBackend("native");
/** A training step with AdamW. */
function adamW(model: TestNet): Step {
  model.eval();
  const optimizer = new AdamW(model.namedParameters(), { lr: 0.01, weightDecay: 0.1 });
  return (x, y) => {
    const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
    optimizer.step(grads);
    return value;
  };
}

describe.skipIf(!native)("variables", () => {
  let model: TestNet;
  let step: ReturnType<typeof compile<[tf.Tensor1D, tf.Tensor1D], tf.Tensor>>;
  let evaluate: ReturnType<typeof compile<[tf.Tensor1D, tf.Tensor1D], tf.Tensor>>;

  beforeAll(() => {
    model = new TestNet();
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
    const initial = new TestNet();
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
    const own = new TestNet();
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

  test("may leave arguments, variables and host tensors unused", () => {
    const variable = tf.variable(tf.scalar(7));
    let drawn = 0;
    const second = compiled((x: tf.Tensor, y: tf.Tensor) => {
      hostTensor(() => Float32Array.of(++drawn), { shape: [] })
        .add(x)
        .add(variable);
      return y;
    });
    expect([1, 2].map((y) => read(second(tf.scalar(0), tf.scalar(y))))).toEqual([1, 2]);
    expect(drawn).toBe(2); // whoever counts, or draws from a generator, goes on
  });

  test("may assign an argument", () => {
    const variable = tf.variable(tf.zeros([64]));
    const set = compiled((x: tf.Tensor) => {
      variable.assign(x);
      return x.sum();
    });
    for (let i = 1; i < 4; i++) tf.tidy(() => read(set(tf.fill([64], i))));
    expect(read(variable)).toBe(3);
    set.dispose?.();
    expect(read(variable)).toBe(3);
  });

  test("may write slices into variables, in place, and read what they have written", () => {
    const [variable, twin] = [tf.variable(tf.zeros([2, 4])), tf.variable(tf.zeros([2, 4]))];
    const write =
      (into: tf.Variable) =>
      (part: tf.Tensor, start: tf.Tensor): tf.Tensor => {
        const before = into.mul(1);
        writeSlice(into, part, { axis: 1, start });
        return into.mul(10).add(before);
      };
    const [graph, eager] = [compiled(write(variable)), write(twin)];
    for (const start of [0, 3, 1]) {
      const args = [tf.fill([2, 1], start + 1), tf.scalar(start, "int32")] as const;
      closeTo(graph(...args), eager(...args));
    }
    closeTo(variable, twin);
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
    const model = new TestNet();
    const step = compiled(adamW(model));
    const run = (): number => tf.tidy(() => read(step(inputs(), targets())));
    run();
    const counts = (): number[] => [tf.memory().numTensors, tf.memory().numDataBuffers, nativeTensors()];
    const before = counts();
    for (let i = 0; i < 20; i++) run();
    expect(counts()).toEqual(before);
  });
});

test.skipIf(!native)("cycles of compiling and disposing leave nothing behind", () => {
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
  const before = { tensors: tf.memory().numTensors, native: nativeTensors() };
  const grown = [1, 2, 3].map(() => {
    const { rss } = process.memoryUsage();
    for (let i = 0; i < 100; i++) cycle();
    return process.memoryUsage().rss - rss;
  });
  expect(tf.memory().numTensors).toBe(before.tensors);
  expect(nativeTensors()).toBe(before.native);
  // 100 copies of the variable would be 26 MB each time; garbage is not collected each time.
  expect(Math.min(...grown)).toBeLessThan(20e6);
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
