import { onBackends } from "@test/backend.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  Dropout,
  FastDropout,
  Generator,
  manualSeed,
  Module,
  TorchDropout,
  useDropout,
  withoutDropout,
} from "./index.ts";

class Net extends Module {
  readonly first: Dropout = new Dropout(0.5);
  readonly rest: Dropout[] = [new Dropout(0.5), new Dropout(0.1)];
}

/** The gradient of the sum of what the source makes of x. */
function gradient(source: FastDropout | TorchDropout, x: tf.Tensor): { out: tf.Tensor; dx: tf.Tensor } {
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => source.apply(x, 0.5))(x);
  return { out: value, dx: grad };
}

describe("Dropout", () => {
  test("is active in training and passes its input through in evaluation or at rate 0", () => {
    const x = tf.ones([1000]);
    const dropout = new Dropout(0.25);
    const values = new Set(dropout.forward(x).dataSync());
    expect(values).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(dropout.eval().forward(x)).toBe(x);
    expect(new Dropout(0).forward(x)).toBe(x);
  });

  test("refuses a rate that is no probability", () => {
    expect(() => new Dropout(1.5)).toThrow(ArgumentError);
    expect(() => new Dropout(Number.NaN)).toThrow("between 0 and 1, got NaN");
  });

  test("useDropout reaches every Dropout of a model", () => {
    const net = new Net();
    useDropout(net, new TorchDropout(new Generator(123)));
    const expected = new Generator(123);
    const x = tf.ones([20]);
    expect(net.first.forward(x).dataSync()).toEqual(expected.dropoutMask(20, 0.5));
    expect(net.rest[0]?.forward(x).dataSync()).toEqual(expected.dropoutMask(20, 0.5));
    expect(net.rest[1]?.forward(x).dataSync()).toEqual(expected.dropoutMask(20, 0.1));
  });
});

describe("withoutDropout", () => {
  /** The modes of the three layers. */
  const modes = (net: Net): boolean[] => [net.first, ...net.rest].map(({ training }) => training);
  const half = (): Net => {
    const net = new Net();
    net.first.eval();
    return net;
  };

  test("is evaluation mode for as long as the work takes, and each part goes back to its own mode", async () => {
    const net = half();
    expect(withoutDropout(net, () => modes(net))).toEqual([false, false, false]);
    expect(modes(net)).toEqual([false, true, true]);
    const later = withoutDropout(net, () => Promise.resolve().then(() => modes(net)));
    expect(modes(net)).toEqual([false, false, false]);
    expect(await later).toEqual([false, false, false]);
    expect(modes(net)).toEqual([false, true, true]);
  });

  test("restores the modes where the work fails", async () => {
    const net = half();
    const fail = (): never => {
      throw new Error("no");
    };
    expect(() => withoutDropout(net, fail)).toThrow("no");
    expect(modes(net)).toEqual([false, true, true]);
    await expect(withoutDropout(net, () => Promise.resolve().then(fail))).rejects.toThrow("no");
    expect(modes(net)).toEqual([false, true, true]);
  });
});

describe("TorchDropout", () => {
  test("gives the book's mask of section 3.5.2", () => {
    const out = new TorchDropout(new Generator(123)).apply(tf.ones([6, 6]), 0.5) as tf.Tensor2D;
    expect(out.arraySync()).toEqual([
      [2, 2, 0, 2, 2, 0],
      [0, 0, 0, 2, 0, 2],
      [2, 2, 2, 2, 0, 2],
      [0, 2, 2, 0, 0, 2],
      [0, 2, 0, 2, 0, 2],
      [0, 2, 2, 2, 2, 0],
    ]);
  });

  test("its gradient is the mask", () => {
    const { out, dx } = gradient(new TorchDropout(new Generator(5)), tf.ones([100]));
    expect(dx.dataSync()).toEqual(out.dataSync());
  });
});

onBackends(() => {
  describe("FastDropout", () => {
    let x: tf.Tensor;
    beforeAll(() => {
      x = tf.ones([200, 300]);
    });
    const apply = (source: FastDropout, rate = 0.3): Float32Array => source.apply(x, rate).dataSync() as Float32Array;

    test("zeroes the given share and keeps the mean", () => {
      for (const rate of [0.1, 0.5, 0.9]) {
        const out = apply(new FastDropout(new Generator(1)), rate);
        const zeros = out.filter((value) => value === 0).length;
        const deviation = Math.sqrt(60_000 * rate * (1 - rate));
        expect(Math.abs(zeros - 60_000 * rate)).toBeLessThan(4 * deviation);
        expect(new Set(out)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
      }
    });

    test("sites and steps have masks of their own, a third of each kept by chance where the rate is 2/3", () => {
      const source = new FastDropout(new Generator(1));
      const masks: Float32Array[] = [];
      for (let step = 0; step < 3; step++) {
        source.beginStep();
        for (let site = 0; site < 3; site++) masks.push(apply(source, 2 / 3));
      }
      for (const [i, a] of masks.entries()) {
        for (const b of masks.slice(i + 1)) {
          const both = a.filter((value, k) => value > 0 && (b[k] as number) > 0).length;
          expect(Math.abs(both / a.length - 1 / 9)).toBeLessThan(0.006); // 4.7 standard deviations
        }
      }
    });

    test("a mask has no stripes: neighbours at any small distance agree as often as chance has it", () => {
      const mask = apply(new FastDropout(new Generator(3)), 0.5);
      for (const distance of [1, 2, 3, 4, 8, 16, 64, 256, 300]) {
        const equal = mask.filter((value, k) => value === mask[k + distance]).length;
        expect(Math.abs(equal / (mask.length - distance) - 0.5)).toBeLessThan(0.01);
      }
    });

    test("the same seed gives the same masks; a step draws one number", () => {
      const generator = new Generator(9);
      const source = new FastDropout(generator);
      source.beginStep();
      const [first, second] = [apply(source), apply(source)];
      expect(generator.position).toBe(1);
      generator.manualSeed(9);
      source.beginStep();
      expect([apply(source), apply(source)]).toEqual([first, second]);
    });

    test("without steps each call draws its own seed, so seeding repeats the masks", () => {
      const dropout = new Dropout(0.5);
      const run = (): unknown[] => {
        manualSeed(4);
        return [dropout.forward(x).dataSync(), dropout.forward(x).dataSync()];
      };
      const [first, second] = run();
      expect(first).not.toEqual(second);
      expect(run()).toEqual([first, second]);
    });

    test("its gradient is the mask", () => {
      const { out, dx } = gradient(new FastDropout(new Generator(5)), tf.ones([100]));
      expect(dx.dataSync()).toEqual(out.dataSync());
    });

    test("a seed may be fed as a tensor", () => {
      const source = new FastDropout(new Generator(1));
      source.beginStep(-12345);
      const expected = apply(source);
      source.beginStep(tf.scalar(-12345, "int32"));
      expect(apply(source)).toEqual(expected);
    });
  });
});
