import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GPTModel, GPTModelFast, type GPTConfig } from "@scratch-llm/gpt";
import { defaultGenerator, Generator, manualSeed } from "@scratch-llm/nn";
import { openSafetensors } from "@scratch-llm/safetensors/node";
import { trainBPE } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { detectFormat, loadModelFolder, exportModel, saveHuggingFaceFolder } from "../node.ts";

const tokenizer = trainBPE(["a small text, a small model"], { vocabSize: 270 });
const base: GPTConfig = {
  vocabSize: tokenizer.vocabSize,
  contextLength: 10,
  embDim: 12,
  nHeads: 3,
  nLayers: 2,
  dropRate: 0.25,
  qkvBias: false,
};

let folder: string;
beforeAll(() => tf.setBackend("cpu"));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "save-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Every parameter's bits, by name. */
async function bitsOf(model: GPTModel): Promise<Map<string, Uint32Array>> {
  const bits = new Map<string, Uint32Array>();
  for (const [name, variable] of model.namedParameters()) {
    bits.set(name, new Uint32Array(new Float32Array(await variable.data()).buffer));
  }
  return bits;
}

/** A model whose biases and norms are random too: all zeros and ones would hide a mistake. */
function randomModel(config: GPTConfig): GPTModelFast {
  const generator = new Generator(7);
  const model = new GPTModelFast(config, { generator });
  for (const variable of model.parameters()) {
    tf.tidy(() => variable.assign(tf.tensor(generator.normal(variable.size), variable.shape)));
  }
  return model;
}

describe.each(["hf", "book"] as const)("%s", (format) => {
  it.each([
    ["as the book trains it", {}],
    ["as GPT-2", { qkvBias: true, tieWeights: true }],
    ["tied without biases", { tieWeights: true }],
    ["untied with biases", { qkvBias: true, tieWeights: false }],
  ])("gives back every bit, the configuration and the tokenizer: %s", async (_, fields) => {
    const config = { ...base, ...fields };
    const model = randomModel(config);
    await exportModel(folder, { format, model, tokenizer });
    const loaded = await loadModelFolder(folder);
    expect(await detectFormat(folder)).toMatchObject({ format });
    expect(loaded.config).toEqual(config);
    expect(await bitsOf(loaded.model)).toEqual(await bitsOf(model));
    expect(loaded.tokenizer.toJSON()).toEqual(tokenizer.toJSON());
    model.dispose();
    loaded.model.dispose();
  });
});

it("writes the files that transformers looks for and no others", async () => {
  const model = randomModel(base);
  await saveHuggingFaceFolder(join(folder, "new", "run"), { model, tokenizer });
  expect((await readdir(join(folder, "new", "run"))).toSorted()).toEqual([
    "config.json",
    "generation_config.json",
    "merges.txt",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
  ]);
  const config = JSON.parse(await readFile(join(folder, "new", "run", "config.json"), "utf8"));
  expect(config).toMatchObject({ model_type: "gpt2", n_embd: 12, tie_word_embeddings: false, scratch_llm: base });
  const settings = JSON.parse(await readFile(join(folder, "new", "run", "tokenizer_config.json"), "utf8"));
  const end = "<|endoftext|>";
  expect(settings).toMatchObject({ bos_token: end, eos_token: end, unk_token: end });
  model.dispose();
});

it.each(["hf", "gguf"] as const)("%s: says which folder cannot be made", async (format) => {
  const model = randomModel(base);
  await writeFile(join(folder, "file"), "");
  await expect(exportModel(join(folder, "file", "mine"), { format, model, tokenizer })).rejects.toMatchObject({
    code: "WRITE_FAILED",
    message: expect.stringMatching(/^Cannot make the folder .*mine \(\w+\)/),
  });
  model.dispose();
});

it("merges query, key and value, turns matrices round, and adds the biases that GPT-2 has", async () => {
  const model = randomModel(base);
  await saveHuggingFaceFolder(folder, { model, tokenizer });
  const file = await openSafetensors(join(folder, "model.safetensors"));
  const values = async (name: string): Promise<Float32Array> =>
    new Float32Array((await file.read(name)).bytes.slice().buffer);
  const merged = await values("transformer.h.1.attn.c_attn.weight");
  const bias = await values("transformer.h.1.attn.c_attn.bias");
  await file.close();
  expect(file.tensors.get("transformer.h.1.attn.c_attn.weight")?.shape).toEqual([12, 36]);
  const key = (await model.namedParameters().get("trfBlocks.1.att.wKey.weight")!.array()) as number[][];
  expect(merged[5 * 36 + 12 + 7]).toBe(key[7]![5]); // from input 5 to the 8th number of the key
  expect([...bias]).toEqual(Array(36).fill(0));
  model.dispose();
});

it.each(["F16", "BF16"] as const)("%s takes half the space", async (dtype) => {
  const model = randomModel(base);
  await saveHuggingFaceFolder(folder, { model, tokenizer, dtype });
  const file = await openSafetensors(join(folder, "model.safetensors"));
  expect(new Set([...file.tensors.values()].map((info) => info.dtype))).toEqual(new Set([dtype]));
  await file.close();
  const loaded = await loadModelFolder(folder);
  const [before, after] = [await bitsOf(model), await bitsOf(loaded.model)];
  for (const [name, bits] of after) {
    const original = new Float32Array(before.get(name)!.buffer);
    const error = new Float32Array(bits.buffer).map(
      (value, i) => Math.abs(value - original[i]!) / Math.abs(original[i]!),
    );
    expect(Math.max(...error)).toBeLessThan(dtype === "F16" ? 2 ** -11 + 1e-9 : 2 ** -8);
  }
  model.dispose();
  loaded.model.dispose();
});

it("draws nothing from the seeded generator while it loads, and leaves no tensor behind", async () => {
  const model = randomModel(base);
  await saveHuggingFaceFolder(folder, { model, tokenizer });
  manualSeed(1);
  const tensors = tf.memory().numTensors;
  const loaded = await loadModelFolder(folder);
  expect(defaultGenerator.position).toBe(0);
  loaded.model.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
  model.dispose();
});
