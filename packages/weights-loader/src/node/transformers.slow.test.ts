// Ours → transformers → ours. SCRATCH_LLM_PYTHON names a Python that has torch and transformers.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GPTModelFast } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAsTheWriter, expectSameBits } from "@test/as-the-writer.ts";
import { PYTHON, throughTransformers } from "@test/python.ts";
import { loadModelFolder, saveHuggingFaceFolder } from "../node.ts";

const text = "a small text, 你好 🐢";
const tokenizer = trainBPE(["a small text, a small model, 你好"], { vocabSize: 270 });
const base = { vocabSize: tokenizer.vocabSize, contextLength: 80, embDim: 32, nHeads: 4, nLayers: 2, dropRate: 0.1 };

let folder: string;
beforeAll(async () => {
  await tf.setBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "transformers-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(PYTHON === "")("through transformers", () => {
  it.each([
    ["book", { qkvBias: false }],
    ["gpt2", { qkvBias: true, tieWeights: true }],
    ["tied", { qkvBias: false, tieWeights: true }],
  ])("%s: the same ids, logits and greedy ids there, every bit back here", async (name, fields) => {
    const config = { ...base, ...fields };
    const generator = new Generator(11);
    const model = new GPTModelFast(config, { generator }).eval();
    for (const variable of model.parameters()) {
      tf.tidy(() => variable.assign(tf.tensor(generator.normal(variable.size, 0, 0.3), variable.shape)));
    }
    const [ours, theirs] = [join(folder, name), join(folder, `${name}-again`)];
    await saveHuggingFaceFolder(ours, { model, tokenizer });
    const seen = throughTransformers(ours, text, theirs);

    const ids = tokenizer.encode(text);
    expect(seen).toMatchObject({ problems: {}, ids: [...ids], decoded: text });
    await expectAsTheWriter(model, ids, seen);

    const again = await loadModelFolder(theirs);
    expect(again.config).toEqual(config);
    await expectSameBits(again.model, model);
    expect(again.tokenizer.encode(text)).toEqual(ids);
    again.model.dispose();
    model.dispose();
  });
});
