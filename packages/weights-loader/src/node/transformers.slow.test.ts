// Ours → transformers → ours. SCRATCH_LLM_PYTHON names a Python that has torch and transformers.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateTextSimple, GPTModelFast } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelFolder, saveHuggingFaceFolder } from "../node.ts";

const python = process.env["SCRATCH_LLM_PYTHON"] ?? "";
const script = fileURLToPath(new URL("../../../../fixtures/gpt2-weights/through_transformers.py", import.meta.url));
const text = "a small text, 你好 🐢";
const tokenizer = trainBPE(["a small text, a small model, 你好"], { vocabSize: 270 });
const base = { vocabSize: tokenizer.vocabSize, contextLength: 80, embDim: 32, nHeads: 4, nLayers: 2, dropRate: 0.1 };

let folder: string;
beforeAll(async () => {
  await tf.setBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "transformers-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(python === "")("through transformers", () => {
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
    const seen = JSON.parse(
      execFileSync(python, [script, ours, text, theirs], { encoding: "utf8" }).split("\n").at(-2)!,
    );

    const ids = tokenizer.encode(text);
    const logits = tf.tidy(() => model.forward(tf.tensor2d(ids, [1, ids.length], "int32"), { lastOnly: true }));
    const values = await logits.data();
    expect(seen.problems).toEqual({});
    expect(seen.ids).toEqual([...ids]);
    expect(seen.decoded).toBe(text);
    expect(Math.max(...values.map((value, i) => Math.abs(value - seen.logits[i])))).toBeLessThan(1e-4);
    const greedy = generateTextSimple({ model, ids, maxNewTokens: 40, contextSize: 80 });
    expect([...(await greedy.data())].slice(ids.length)).toEqual(seen.greedy);

    const again = await loadModelFolder(theirs);
    expect(again.config).toEqual(config);
    for (const [parameter, variable] of again.model.namedParameters()) {
      expect(await variable.data()).toEqual(await model.namedParameters().get(parameter)!.data());
    }
    expect(again.tokenizer.encode(text)).toEqual(ids);
  });
});
