import { Embedding, Generator, Linear, Module, ReLU, Sequential, valueAndGrads } from "@scratch-llm/nn";
import { expectNoTensorLeak } from "@test/backend.ts";
import { expectClose } from "@test/expect-close.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createAdapter, currentAdapter, disposeAdapter, injectLora, type LoRAAdapter, useAdapter } from "./adapter.ts";
import { LinearWithLoRA } from "./linear-with-lora.ts";
import { LoRALayer } from "./lora-layer.ts";
import { mergeLora, unmergeLora } from "./merge.ts";

class Net extends Module {
  readonly heads: readonly Linear[];
  readonly layers: Sequential;
  readonly out: Linear;

  constructor(generator: Generator) {
    super();
    this.heads = [new Linear(6, 3, { generator }), new Linear(6, 3, { generator })];
    this.layers = new Sequential(new Linear(6, 8, { generator }), new ReLU(), new Linear(8, 6, { generator }));
    this.out = new Linear(6, 4, { bias: false, generator });
  }

  forward(x: tf.Tensor): tf.Tensor {
    const y = tf.concat(
      this.heads.map((head) => head.forward(x)),
      -1,
    );
    return this.out.forward(this.layers.forward(y));
  }
}

const SIZE = { rank: 2, alpha: 4 } as const;
const ALL = ["heads.0", "heads.1", "layers.0", "layers.2", "out"];
const build = (): Net => new Net(new Generator(1));
const x = (): tf.Tensor => tf.tensor(new Generator(2).normal(5 * 6), [5, 6]);
const output = (model: Net): Float32Array => tf.tidy(() => model.forward(x()).dataSync<"float32">());

/** B begins as zeros, which would hide mistakes. */
function randomizeB(adapter: LoRAAdapter, seed: number): void {
  const generator = new Generator(seed);
  for (const { B } of adapter.values()) {
    tf.tidy(() => B.assign(tf.tensor(generator.normal(B.size, 0, 0.3), B.shape)));
  }
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("injectLora", () => {
  it("leaves the function as it is, and trains the new layers alone", () => {
    const model = build();
    const before = output(model);
    const adapter = injectLora(model, SIZE);
    expect([...adapter.keys()]).toEqual(ALL);
    expect(output(model)).toEqual(before);
    expect(model.heads[1]).toBeInstanceOf(LinearWithLoRA);
    const params = model.namedParameters();
    const trainable = ALL.flatMap((name) => [`${name}.lora.A`, `${name}.lora.B`]);
    const { grads } = valueAndGrads(() => model.forward(x()).square().sum(), params);
    expect([...grads.keys()]).toEqual(trainable);
    expect([...params].filter(([, variable]) => variable.trainable).map(([name]) => name)).toEqual(trainable);
  });

  it("adapts the layers whose names match", () => {
    const model = build();
    expect([...injectLora(model, { ...SIZE, match: /^layers|out$/ }).keys()]).toEqual(["layers.0", "layers.2", "out"]);
    expect(model.heads[0]).toBeInstanceOf(Linear);
    expect(() => injectLora(model, { ...SIZE, match: /wQuery/ })).toThrow(/wQuery.*heads\.0, heads\.1, layers\.0/);
  });

  it.each([
    ["alpha", 4],
    ["alpha/rank", 2],
    [undefined, 2],
  ] as const)("scaling %s multiplies by %s", (scaling, scale) => {
    const lora = new LoRALayer(6, 3, { ...SIZE, ...(scaling && { scaling }) });
    randomizeB(new Map([["", lora]]), 3);
    expect(lora.scale).toBe(scale);
    expectClose(lora.forward(x()), [...x().matMul(lora.A).matMul(lora.B).mul(scale).dataSync()]);
  });

  it.each([
    [{ rank: 0, alpha: 1 }],
    [{ rank: 1.5, alpha: 1 }],
    [{ rank: 1, alpha: 0 }],
    [{ rank: 1, alpha: Number.NaN }],
  ])("refuses %o", (options) => {
    const model = build();
    expect(() => injectLora(model, options)).toThrow(`rank ${options.rank}, alpha ${options.alpha}`);
    expect(model.trainableParameters()).toEqual(model.parameters()); // nothing is frozen
  });
});

describe("useAdapter", () => {
  it("swaps adapters, which may have other layers and ranks, and takes them out", () => {
    const model = build();
    const plain = output(model);
    const [one, two] = [createAdapter(model, SIZE), createAdapter(model, { rank: 3, alpha: 1, match: /out/ })];
    randomizeB(one, 4);
    randomizeB(two, 5);
    const outputs = [one, two, one, undefined].map((adapter) => {
      useAdapter(model, adapter);
      expect([...currentAdapter(model)]).toEqual([...(adapter ?? [])]);
      return output(model);
    });
    expect(outputs[0]).not.toEqual(plain);
    expect(outputs[1]).not.toEqual(outputs[0]);
    expect(outputs[2]).toEqual(outputs[0]);
    expect(outputs[3]).toEqual(plain);
  });

  it("refuses another model's adapter and changes nothing", () => {
    const model = build();
    const before = output(model);
    const wide = new Map([...createAdapter(model, SIZE), ["out", new LoRALayer(6, 5, SIZE)] as const]);
    expect(() => useAdapter(model, wide)).toThrow("out maps 6 → 5, the model's layer 6 → 4");
    expect(() => useAdapter(model, new Map([["inHead", new LoRALayer(6, 4, SIZE)]]))).toThrow("no linear layer inHead");
    expect(currentAdapter(model).size).toBe(0);
    expect(output(model)).toEqual(before);
  });

  it("leaves no tensor behind", async () => {
    const model = build();
    await expectNoTensorLeak(() => {
      const adapter = injectLora(model, SIZE);
      unmergeLora(model, mergeLora(model));
      output(model);
      useAdapter(model, undefined);
      disposeAdapter(adapter);
    });
  });
});

describe("mergeLora", () => {
  it("gives the same function in a plain model, within 1e-6", () => {
    const model = build();
    randomizeB(injectLora(model, SIZE), 6);
    const beside = output(model);
    mergeLora(model);
    const merged = output(model);
    expect(model.out).toBeInstanceOf(Linear);
    expect(currentAdapter(model).size).toBe(0);
    const largest = Math.max(...beside.map(Math.abs));
    expectClose(merged, beside, { absolute: 1e-6 * largest });
  });

  it("can be undone", () => {
    const model = build();
    const plain = output(model);
    const adapter = injectLora(model, SIZE);
    randomizeB(adapter, 7);
    const beside = output(model);
    unmergeLora(model, mergeLora(model));
    expectClose(output(model), beside, { absolute: 1e-5 });
    useAdapter(model, undefined);
    expectClose(output(model), plain, { absolute: 1e-5 });
  });

  it("refuses a weight that another layer has too", () => {
    class Tied extends Module {
      readonly embedding = new Embedding(4, 6);
      readonly head = new Linear(6, 4, { weight: this.embedding.weight });
    }
    const model = new Tied();
    injectLora(model, SIZE);
    const before = model.embedding.weight.dataSync();
    expect(() => mergeLora(model)).toThrow("head shares its weight");
    expect(model.head).toBeInstanceOf(LinearWithLoRA);
    expect(model.embedding.weight.dataSync()).toEqual(before);
  });
});
