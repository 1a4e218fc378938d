import { DataLoader } from "@scratch-llm/dataloader";
import { GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, Generator, Linear, valueAndGrads } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import { expectNoTensorLeak, useTestBackend } from "@test/backend.ts";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { buildLoaders, buildModel, parity } from "../test/parity-fixture.ts";
import { calcAccuracyLoader } from "./accuracy.ts";
import { addClassHead } from "./class-head.ts";
import { calcClassLossBatch } from "./class-logits.ts";
import { classifyReview } from "./classify-review.ts";
import type { ClassifierSettings } from "./settings.ts";
import { collateTexts } from "./spam-dataset.ts";
import { trainClassifier } from "./train-classifier.ts";
import { chooseTrainable, type TrainableLayers } from "./trainable.ts";

beforeAll(() => useTestBackend("wasm"));

const readOut = { position: "flexible", padTokenId: parity.pad } as const;
const batch = (labels: readonly number[] = parity.targets): ReturnType<typeof collateTexts> =>
  collateTexts(parity.inputs.map((ids, i) => ({ ids: Int32Array.from(ids), label: labels[i] as number })));

describe("addClassHead", () => {
  it("draws the weights of PyTorch's Linear", () => {
    const model = buildModel(new Generator());
    const { weight, bias } = new Linear(8, 3, { generator: new Generator(123) });
    expect(model.outHead.weight.dataSync()).toEqual(weight.dataSync());
    expect(model.outHead.bias?.dataSync()).toEqual(bias?.dataSync());
  });

  it("keeps a token embedding that was the head, and needs two classes", () => {
    const size = { vocabSize: 10, contextLength: 4, embDim: 4, nHeads: 1, nLayers: 1, dropRate: 0, qkvBias: false };
    const model = new GPTModelFast({ ...size, tieWeights: true });
    addClassHead(model, { numClasses: 5 });
    expect(model.forward(tf.tensor2d([[1, 2]], [1, 2], "int32")).shape).toEqual([1, 2, 5]);
    expect(() => addClassHead(model, { numClasses: 1 })).toThrow("numClasses is 1");
  });
});

describe("chooseTrainable", () => {
  const LORA = { rank: 2, alpha: 2 } as const;

  it.each<[TrainableLayers, RegExp]>([
    ["last_layer", /^outHead/],
    ["last_block", /^outHead|^finalNorm|^trfBlocks\.1/],
    ["last_two_blocks", /^outHead|^finalNorm|^trfBlocks/],
    ["all", /./],
    ["lora", /lora|^outHead/],
  ])("%s trains what the book trains", (layers, expected) => {
    const model = buildModel(new Generator());
    chooseTrainable(model, layers, LORA);
    const names = [...model.namedParameters()];
    const { grads } = valueAndGrads(() => calcClassLossBatch(batch(), model, readOut), new Map(names));
    expect([...grads.keys()]).toEqual(names.map(([name]) => name).filter((name) => expected.test(name)));
  });

  it("frozen blocks cost no gradient: the fewer are trained, the fewer matrix products", async () => {
    const products: number[] = [];
    for (const layers of ["last_layer", "last_block", "last_two_blocks"] as const) {
      const model = buildModel(new Generator());
      chooseTrainable(model, layers);
      const params = model.namedParameters();
      const step = (): void => void valueAndGrads(() => calcClassLossBatch(batch(), model, readOut), params);
      const { kernels } = await tf.profile(() => tf.tidy(step));
      products.push(kernels.filter(({ name }) => name.includes("MatMul")).length);
    }
    const [head, one, two] = products as [number, number, number];
    expect(head).toBeLessThan(one);
    expect(one).toBeLessThan(two);
  });

  it("says what is missing", () => {
    expect(() => chooseTrainable(buildModel(new Generator()), "lora")).toThrow("needs a rank");
    const size = { vocabSize: 10, contextLength: 4, embDim: 4, nHeads: 1, nLayers: 1, dropRate: 0, qkvBias: false };
    const model = new GPTModelFast(size);
    expect(() => chooseTrainable(model, "last_two_blocks")).toThrow("needs 2 blocks, the model has 1");
    expect(model.trainableParameters()).toEqual(model.parameters()); // nothing is frozen
  });
});

describe("ignoreIndex", () => {
  it("leaves texts of that class out of loss and accuracy", async () => {
    const model = buildModel(new Generator());
    const options = { ...readOut, ignoreIndex: 7 };
    const [first, second, ...others] = parity.targets;
    const [some, all] = [batch([first!, second!, 7, 7, 7]), batch([first!, second!, ...others])];
    const two = { inputs: all.inputs.slice([0, 0], [2, 10]), targets: all.targets.slice(0, 2) };
    const loss = (of: typeof some): number => calcClassLossBatch(of, model, options).dataSync()[0] as number;
    expect(loss(some)).toBeCloseTo(loss(two), 5);
    expect(loss(some)).not.toBeCloseTo(loss(all), 3);
    const accuracy = (labels: readonly number[]): Promise<number> =>
      calcAccuracyLoader([batch(labels)], { model, ...options });
    expect([0, 0.5, 1]).toContain(await accuracy([first!, second!, 7, 7, 7]));
    expect(await accuracy([7, 7, 7, 7, 7])).toBeNaN();
    const none = batch([7, 7, 7, 7, 7]);
    expect(await calcAccuracyLoader([none, batch()], { model, ...options, numBatches: 1 })).toBeNaN();
  });
});

describe("trainClassifier", () => {
  it.each<[TrainableLayers]>([["last_block"], ["all"], ["lora"]])("learns its texts by heart: %s", async (layers) => {
    const generator = new Generator(1);
    const model = buildModel(generator);
    chooseTrainable(model, layers, { rank: 4, alpha: 8, generator });
    const optimizer = new AdamW(model.namedParameters(), { lr: 0.05 });
    const loaders = buildLoaders(generator);
    const frozen = [...model.namedParameters()].filter(([, variable]) => !variable.trainable);
    const before = frozen.map(([, variable]) => variable.dataSync());
    const accuracies: number[] = [];
    const options = { model, optimizer, ...loaders, ...readOut, epochs: 20, evalBatches: 5 };
    for await (const event of trainClassifier(options)) {
      if (event.type === "epoch") accuracies.push(event.trainAccuracy);
    }
    expect(accuracies).toHaveLength(20);
    expect(Math.max(...accuracies)).toBeGreaterThan(0.9);
    expect(frozen.map(([, variable]) => variable.dataSync())).toEqual(before);
  });

  it("with accumulation, takes the step of a batch that is as large", async () => {
    const weights = async (batchSize: number, accumulationSteps: number): Promise<Float32Array> => {
      const generator = new Generator(1);
      const model = buildModel(generator);
      const optimizer = new AdamW(model.namedParameters(), { lr: 0.02 });
      const { valLoader } = buildLoaders(generator);
      const items = parity.inputs
        .slice(0, 4)
        .map((ids, i) => ({ ids: Int32Array.from(ids), label: parity.targets[i]! }));
      const dataset = { length: 4, get: (i: number) => items[i]! };
      const trainLoader = new DataLoader(dataset, { batchSize, shuffle: false, generator, collate: collateTexts });
      const options = { model, optimizer, trainLoader, valLoader, ...readOut, maxSteps: 1, accumulationSteps };
      const names: string[] = [];
      for await (const event of trainClassifier(options)) names.push(event.type);
      expect(names.filter((name) => name === "step")).toHaveLength(1);
      return model.trfBlocks[0]!.att.wQuery.weight.dataSync<"float32">();
    };
    const [large, small] = [await weights(4, 1), await weights(1, 4)];
    expect(Math.max(...large.map((value, i) => Math.abs(value - small[i]!)))).toBeLessThan(2e-5);
  });
});

describe("classifyReview", () => {
  const tokenizer = trainBPE(["ab"], { vocabSize: 257 });
  const settings: ClassifierSettings = {
    labels: ["ham", "news", "spam"],
    maxLength: 12,
    padTokenId: tokenizer.eosId as number,
    position: "last",
    padding: true,
    causalMask: true,
  };
  const size = { vocabSize: 257, contextLength: 12, embDim: 8, nHeads: 2, nLayers: 1, dropRate: 0.5, qkvBias: false };
  const model = (): GPTModelFast => {
    const generator = new Generator(3);
    const built = new GPTModelFast(size, { generator });
    addClassHead(built, { numClasses: 3, generator });
    return built;
  };

  it("gives the most probable class and the probability of all", async () => {
    const options = { model: model(), tokenizer, settings };
    const found = await classifyReview("aabb", options);
    expect(found.probabilities.map(({ label }) => label)).toEqual(settings.labels);
    const values = found.probabilities.map(({ probability }) => probability);
    expect(values.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(found.probabilities[settings.labels.indexOf(found.label)]?.probability).toBe(Math.max(...values));
    expect(await classifyReview("aabb", options)).toEqual(found); // no dropout
    expect(options.model.training).toBe(true);
  });

  it("leaves the model in training, and no tensor, when a text does not fit", async () => {
    const options = { model: model(), tokenizer, settings: { ...settings, maxLength: 13 } };
    await expectNoTensorLeak(async () => {
      await expect(classifyReview("aabb", options)).rejects.toThrow("do not fit in a context of 12");
    });
    expect(options.model.training).toBe(true);
  });

  it.each([
    ["an empty text", ""],
    ["a megabyte", "ab ".repeat(350_000)],
  ])("takes %s", async (_, text) => {
    for (const padding of [true, false]) {
      const found = await classifyReview(text, { model: model(), tokenizer, settings: { ...settings, padding } });
      expect(settings.labels).toContain(found.label);
    }
  });

  it("from the last real token, padding makes no difference under the causal mask", async () => {
    const options = { model: model(), tokenizer };
    const flexible = { ...settings, position: "flexible" } as const;
    const [padded, bare] = [
      await classifyReview("abba", { ...options, settings: flexible }),
      await classifyReview("abba", { ...options, settings: { ...flexible, padding: false } }),
    ];
    padded.probabilities.forEach(({ probability }, i) =>
      expect(probability).toBeCloseTo(bare.probabilities[i]!.probability, 5),
    );
  });
});
