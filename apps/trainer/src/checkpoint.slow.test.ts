// A run's checkpoint as it lies, opened by transformers. SCRATCH_LLM_PYTHON names a Python that has torch and transformers.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latestCheckpoint } from "@scratch-llm/pretrain/node";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { expectAsTheWriter } from "@test/as-the-writer.ts";
import { useTestBackend } from "@test/backend.ts";
import { PYTHON, throughTransformers } from "@test/python.ts";
import { runTrainer } from "@test/run-trainer.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyTraining } from "../test/tiny-training.ts";

const text = "The Patience, 何大娘 🐢";

describe.skipIf(PYTHON === "")("a checkpoint (skipped without SCRATCH_LLM_PYTHON)", () => {
  let folder: string;
  beforeAll(async () => {
    await useTestBackend("cpu");
    folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ["as the book's", []],
    ["with biases and a tied head", ["--set", "model.qkvBias=true", "--set", "model.tieWeights=true"]],
  ])("%s: transformers finds nothing missing, the same ids, logits and greedy ids", async (name, settings) => {
    const longer = ["--set", "model.contextLength=96"]; // room for the text and 40 ids
    const args = tinyTraining("--run-dir", name, "--max-steps", "8", ...longer, ...settings);
    const { code, stdout } = await runTrainer(args, { cwd: folder });
    expect(code, stdout).toBe(0);
    const checkpoint = (await latestCheckpoint(join(folder, name)))!;
    const seen = throughTransformers(checkpoint, text, join(folder, "again"));
    const { model, tokenizer } = await loadModelFolder(checkpoint);
    const ids = [...tokenizer.encode(text)];
    expect(seen).toMatchObject({ problems: {}, ids, decoded: text });
    await expectAsTheWriter(model, ids, seen);
    model.dispose();
  });
});
