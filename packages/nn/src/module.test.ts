import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { Dropout, Embedding, Generator, Linear, Module, ReLU, Sequential, StateDictError } from "./index.ts";

class Block extends Module {
  readonly att: Linear = new Linear(2, 2, { bias: false });
  readonly drop: Dropout = new Dropout(0.5);
  readonly scale: tf.Variable = tf.variable(tf.ones([2]));
}

class Net extends Module {
  readonly tokEmb: Embedding = new Embedding(3, 2);
  readonly trfBlocks: Block[] = [new Block(), new Block()];
  readonly layers: Sequential = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 2));
  readonly head: Linear = new Linear(2, 3, { bias: false, weight: this.tokEmb.weight });
  readonly size = 3;
  readonly scales: tf.Variable[] = [tf.variable(tf.ones([1])), tf.variable(tf.ones([2]))];
  readonly #hidden: tf.Variable = tf.variable(tf.zeros([1]));
  hidden(): tf.Variable {
    return this.#hidden;
  }
}

const NAMES = [
  "tokEmb.weight",
  "trfBlocks.0.att.weight",
  "trfBlocks.0.scale",
  "trfBlocks.1.att.weight",
  "trfBlocks.1.scale",
  "layers.0.weight",
  "layers.0.bias",
  "layers.2.weight",
  "layers.2.bias",
  "scales.0",
  "scales.1",
];

let net: Net;
beforeEach(() => {
  net = new Net();
  return () => {
    net.dispose();
    net.hidden().dispose();
  };
});

describe("parameters", () => {
  test("are named by their paths, in the order of the fields; a shared one once; private ones never", () => {
    expect([...net.namedParameters().keys()]).toEqual(NAMES);
    expect(net.parameters()).not.toContain(net.hidden());
    expect(net.numParameters()).toBe(6 + 2 * (4 + 2) + (8 + 4) + (8 + 2) + 3);
  });

  test("freeze and unfreeze change what is trainable", () => {
    net.trfBlocks[0]?.freeze();
    expect(net.trainableParameters()).toHaveLength(NAMES.length - 2);
    net.unfreeze();
    expect(net.trainableParameters()).toEqual(net.parameters());
  });

  test("dispose frees them all, shared ones once", () => {
    const before = tf.memory().numTensors;
    net.dispose();
    expect(before - tf.memory().numTensors).toBe(NAMES.length);
  });
});

describe("modules", () => {
  test("are listed with their paths", () => {
    expect([...net.namedModules().keys()].slice(0, 5)).toEqual([
      "",
      "tokEmb",
      "trfBlocks.0",
      "trfBlocks.0.att",
      "trfBlocks.0.drop",
    ]);
    expect(net.modules()).toHaveLength(13);
  });

  test("are in training mode at first; eval and train reach all of them", () => {
    const modes = (): Set<boolean> => new Set(net.modules().map((module) => module.training));
    expect(modes()).toEqual(new Set([true]));
    expect(net.eval()).toBe(net);
    expect(modes()).toEqual(new Set([false]));
    expect(modes()).toEqual(new Set([false]));
    net.train();
    expect(modes()).toEqual(new Set([true]));
  });
});

describe("loadStateDict", () => {
  test("copies another module's parameters and keeps nothing of it", () => {
    const other = new Net();
    const x = tf.tensor2d([[1, 2]]);
    const expected = other.layers.forward(x).dataSync();
    net.loadStateDict(other.stateDict());
    other.dispose();
    expect(net.layers.forward(x).dataSync()).toEqual(expected);
    other.hidden().dispose();
  });

  test("accepts a plain object of tensors, which the caller keeps", () => {
    const linear = new Linear(1, 2);
    const state = { weight: tf.tensor2d([[3], [4]]), bias: tf.tensor1d([5, 6]) };
    linear.loadStateDict(state);
    expect([...linear.forward(tf.ones([1, 1])).dataSync()]).toEqual([8, 10]);
    expect(state.weight.isDisposed).toBe(false);
  });

  test("names every missing, unexpected and wrongly shaped entry, and assigns nothing", () => {
    const linear = new Linear(2, 2, { generator: new Generator(1) });
    const before = linear.weight.dataSync().slice();
    const state = { weight: tf.zeros([2, 2]), bias: tf.zeros([3]), scale: tf.zeros([1]) };
    let error: unknown;
    try {
      linear.loadStateDict(state);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(StateDictError);
    expect(error).toMatchObject({ code: "NN_STATE_DICT", missing: [], unexpected: ["scale"] });
    expect((error as Error).message).toContain("unexpected: scale; wrong shape: bias ([3] instead of [2])");
    expect(linear.weight.dataSync()).toEqual(before);
    expect(() => linear.loadStateDict({ weight: tf.zeros([2, 2]) })).toThrow("missing: bias");
    expect(() => linear.loadStateDict({ weight: tf.zeros([2, 2], "int32"), bias: tf.zeros([2]) })).toThrow(
      "[2, 2] int32",
    );
  });
});
