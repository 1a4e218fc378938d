import { readFile } from "node:fs/promises";
import type { GPTConfig } from "@scratch-llm/gpt";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { WeightsMismatchError } from "./errors.ts";
import { ourShape, putTensor, takeTensors, theirShape } from "./layout.ts";
import { matchWeights } from "./match.ts";
import { expandRows, FORMATS, hasParameter, TENSOR_ROWS } from "./names.ts";

const config: GPTConfig = {
  vocabSize: 20,
  contextLength: 6,
  embDim: 4,
  nHeads: 2,
  nLayers: 11,
  dropRate: 0,
  qkvBias: true,
  tieWeights: true,
};

type Shapes = Map<string, { shape: readonly number[] }>;

/** The tensors of a whole file. */
function fileOf(format: "book" | "hf" | "openai", cfg = config): Shapes {
  const rows = expandRows(cfg, format).filter(({ row, theirs }) => theirs !== undefined && hasParameter(row, cfg));
  return new Map(rows.map(({ row, theirs }) => [theirs!, { shape: theirShape(row, cfg, format) }]));
}

function mismatch(tensors: Shapes, format: "book" | "hf" | "openai", cfg = config): WeightsMismatchError {
  try {
    matchWeights(tensors, cfg, format);
  } catch (error) {
    if (error instanceof WeightsMismatchError) return error;
    throw error;
  }
  throw new Error("they match");
}

describe.each(["book", "hf", "openai"] as const)("%s", (format) => {
  it("reads each tensor once and fills every parameter once", () => {
    const tensors = fileOf(format);
    const steps = matchWeights(tensors, config, format);
    expect(steps.map(({ theirs }) => theirs)).toEqual([...tensors.keys()]);
    const filled = steps.flatMap(({ targets }) => targets.map(({ name }) => name)).toSorted();
    const parameters = expandRows(config, format).filter(({ row }) => hasParameter(row, config));
    expect(filled).toEqual(parameters.map(({ ours }) => ours).toSorted());
  });

  it("lists everything that is missing, unexpected or of the wrong shape, in one error", () => {
    const tensors = fileOf(format);
    const names = [...tensors.keys()];
    const [gone, bent] = [names[3]!, names[5]!];
    tensors.delete(gone);
    tensors.set(bent, { shape: [7] });
    tensors.set("h.0.attn.rotary", { shape: [1] });
    const error = mismatch(tensors, format);
    expect(error.missing).toEqual([gone]);
    expect(error.unexpected).toEqual(["h.0.attn.rotary"]);
    expect(error.wrongShape).toEqual([expect.stringContaining(`${bent} [7] instead of [`)]);
    expect(error.message).toMatch(/missing: .*unexpected: .*wrong shape: /);
  });

  it("puts into a file what it takes out of one", async () => {
    await tf.setBackend("cpu");
    for (const row of TENSOR_ROWS.filter((each) => each.names[format] !== undefined)) {
      const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b);
      const ours = Float32Array.from({ length: size(ourShape(row, config)) }, (_, i) => i + 1);
      const theirs = new Float32Array(size(theirShape(row, config, format)));
      putTensor(theirs, ours, row, config, format);
      const [taken] = takeTensors(tf.tensor1d(theirs), [row], config, format);
      expect(taken!.shape).toEqual(ourShape(row, config));
      expect(taken!.dataSync()).toEqual(ours);
      expect(theirs.filter((value) => value !== 0)).toHaveLength(ours.length);
    }
  });
});

it("keeps OpenAI's matrices [1, in, out] and the book's [out, in]", () => {
  const row = TENSOR_ROWS.find(({ ours }) => ours.endsWith("ff.layers.0.weight"))!;
  expect(theirShape(row, config, "openai")).toEqual([1, 4, 16]);
  expect(theirShape(row, config, "hf")).toEqual([4, 16]);
  expect(theirShape(row, config, "book")).toEqual([16, 4]);
});

it("takes names with and without the prefix, but not the same one twice", () => {
  const plain = fileOf("hf");
  const prefixed: Shapes = new Map([...plain].map(([name, info]) => [FORMATS.hf.prefix + name, info]));
  expect(matchWeights(prefixed, config, "hf")).toHaveLength(plain.size);
  prefixed.set("wte.weight", plain.get("wte.weight")!);
  expect(mismatch(prefixed, "hf").unexpected).toEqual(["transformer.wte.weight"]);
});

it("passes over the buffers of older files, whatever their shape, and over nothing like them", () => {
  const tensors = fileOf("hf");
  tensors.set("h.10.attn.bias", { shape: [1, 1, 6, 6] });
  tensors.set("transformer.h.3.attn.masked_bias", { shape: [] });
  expect(() => matchWeights(tensors, config, "hf")).not.toThrow();
  tensors.set("h.x.attn.bias", { shape: [] });
  tensors.set("wte.attn.bias", { shape: [] });
  expect(mismatch(tensors, "hf").unexpected).toEqual(["h.x.attn.bias", "wte.attn.bias"]);
});

it("marks what must be zero or the same where the model has no such parameter", () => {
  const steps = matchWeights(fileOf("hf", { ...config, tieWeights: false }), { ...config, qkvBias: false }, "hf");
  expect(steps.find(({ theirs }) => theirs === "lm_head.weight")).toMatchObject({ targets: [], check: "tied" });
  expect(steps.find(({ theirs }) => theirs === "h.7.attn.c_attn.bias")).toMatchObject({ targets: [], check: "zero" });
  const missing = mismatch(fileOf("hf"), "hf", { ...config, tieWeights: false }).missing;
  expect(missing).toEqual(["lm_head.weight"]);
});

it("is not led by a configuration into work without end", () => {
  expect(mismatch(fileOf("hf"), "hf", { ...config, nLayers: 2 ** 40 }).missing).toEqual([`some of ${2 ** 40} layers`]);
});

it("has the names of the book's state dict, all of them", async () => {
  const fixture = new URL("../../../fixtures/gpt/initial-weights.json", import.meta.url);
  const { sha256 } = JSON.parse(await readFile(fixture, "utf8")) as { sha256: Record<string, string> };
  const book = fileOf("book", { ...config, nLayers: 12, qkvBias: false, tieWeights: false });
  expect([...book.keys()].toSorted()).toEqual(Object.keys(sha256).toSorted());
});
