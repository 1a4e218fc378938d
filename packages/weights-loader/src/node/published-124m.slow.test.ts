// GPT-2s of 124M parameters, random, as they are published: written by transformers (SCRATCH_LLM_PYTHON) and by TensorFlow
// (SCRATCH_LLM_TENSORFLOW_PYTHON, which may be the same).
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { useTestBackend } from "@test/backend.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Expected, expectAsTheWriter, expectSameBits } from "@test/as-the-writer.ts";
import { PYTHON, runScript, TENSORFLOW_PYTHON, throughTransformers } from "@test/python.ts";
import { loadModelFolder, saveHuggingFaceFolder } from "../node.ts";
import { detectFormat } from "./detect.ts";

describe.skipIf(PYTHON === "")("124M parameters (skipped without SCRATCH_LLM_PYTHON)", { timeout: 1_800_000 }, () => {
  let folder: string;
  let expected: Record<string, Expected> & { ids: number[] };
  beforeAll(async () => {
    if (!(await useTestBackend("native"))) await useTestBackend("wasm");
    folder = await mkdtemp(join(tmpdir(), "scratch-llm-124m-"));
    runScript(PYTHON, "make_124m.py", folder);
    expected = JSON.parse(await readFile(join(folder, "expected.json"), "utf8"));
  }, 1_800_000);
  afterAll(() => rm(folder, { recursive: true }));

  async function expectLoads(name: string, theirs: Expected): Promise<void> {
    const started = performance.now();
    const { model, config } = await loadModelFolder(join(folder, name));
    const seconds = (performance.now() - started) / 1000;
    const { size } = await stat((await detectFormat(join(folder, name))).weights);
    expect(config).toMatchObject({ vocabSize: 50_257, embDim: 768, nLayers: 12, tieWeights: true });
    const difference = await expectAsTheWriter(model, expected.ids, theirs);
    model.dispose();
    console.log(
      `${name} (${size} bytes): loaded in ${seconds.toFixed(2)} s, logits within ${difference.toExponential(1)}`,
    );
  }

  it("writes no token over and over", () => {
    expect(new Set(expected["hf"]?.greedy).size).toBeGreaterThan(20);
  });

  it.each(["hf", "hf-sharded", "hf-f16", "hf-bf16"])("%s: transformers' logits and 40 greedy ids", (name) =>
    expectLoads(name, expected[name]!),
  );

  it.skipIf(TENSORFLOW_PYTHON === "")(
    "TensorFlow's checkpoint with OpenAI's names: the same (skipped without SCRATCH_LLM_TENSORFLOW_PYTHON)",
    async () => {
      runScript(TENSORFLOW_PYTHON, "openai_checkpoint.py", join(folder, "hf"), join(folder, "openai"));
      await expectLoads("openai", expected["hf"]!); // whose weights it has
    },
  );

  it("ours → transformers → ours: no problem there, every bit back here", async () => {
    const text = "Hello, I am 你好 🐢";
    const { model } = await loadModelFolder(join(folder, "hf"));
    const tokenizer = await gpt2Tokenizer();
    await saveHuggingFaceFolder(join(folder, "ours"), { model, tokenizer });
    const seen = throughTransformers(join(folder, "ours"), text, join(folder, "again"));
    const ids = [...tokenizer.encode(text)];
    expect(seen).toMatchObject({ problems: {}, ids, decoded: text });
    await expectAsTheWriter(model, ids, seen);
    const again = await loadModelFolder(join(folder, "again"));
    await expectSameBits(again.model, model);
    again.model.dispose();
    model.dispose();
  });
});
