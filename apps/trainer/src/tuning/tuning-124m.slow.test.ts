import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GPT_CONFIG_124M, GPTModelFast } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import { useTestBackend } from "@test/backend.ts";
import { eventsOf, runTrainer } from "@test/run-trainer.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const data = process.env["SCRATCH_LLM_TEST_DATA"];
const STEPS = 4;
const SETTINGS = [
  "train.batchSize=6", // some 2 × 256 tokens
  "train.evalEvery=100",
  "train.evalBatches=1",
  "train.sampleEvery=100",
  "responses.count=1",
  "responses.maxNewTokens=8",
].flatMap((assignment) => ["--set", assignment]);

/** Weights of GPT-2's shape and size, but random: what is measured does not depend on them. */
describe.skipIf(!data)("a 124M model on the book's 1,100 tasks (skipped without SCRATCH_LLM_TEST_DATA)", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "scratch-llm-124m-"));
    await useTestBackend("cpu");
    const shape = { ...GPT_CONFIG_124M, qkvBias: true, tieWeights: true };
    const model = new GPTModelFast(shape, { generator: new Generator(123) });
    await saveHuggingFaceFolder(join(folder, "base"), { model, tokenizer: await gpt2Tokenizer() });
    model.dispose();
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true }));

  async function train(name: string, ...more: string[]) {
    const file = join(data ?? "", "instruction-data.json");
    const common = ["--data", file, "--init", "base", "--run-dir", name, "--max-steps", `${STEPS}`, "--json"];
    const { code, stdout, stderr } = await runTrainer(["train", "instruct", ...common, ...SETTINGS, ...more], {
      cwd: folder,
    });
    expect(code, stdout + stderr).toBe(0);
    const events = eventsOf(stdout);
    const losses = events.filter(({ type }) => type === "step").map(({ loss }) => loss as number);
    const { peakMemoryBytes, tokensPerSecond } = events.at(-1) as unknown as Record<string, number>;
    console.log(
      `${name}: peak ${((peakMemoryBytes ?? 0) / 1e9).toFixed(2)} GB, ${Math.round(tokensPerSecond ?? 0)} tokens/s`,
    );
    return { start: events[0], losses, peak: peakMemoryBytes ?? Number.NaN };
  }

  it("trains through the command, all weights and with LoRA, which takes at most 70 % of the memory", async () => {
    const full = await train("full");
    expect(full.start).toMatchObject({ params: 124_439_808, entries: { train: 935, val: 55, test: 110, skipped: 0 } });
    expect(full.losses.at(-1)).toBeLessThan((full.losses[0] as number) - 1);
    const lora = await train(
      "lora",
      "--lora",
      "--set",
      "train.learningRate=1e-3",
      "--set",
      "train.minLearningRate=1e-3",
    );
    expect(lora.losses.at(-1)).toBeLessThan(lora.losses[0] as number);
    expect(lora.peak).toBeLessThan(0.7 * full.peak);
  }, 1_800_000);
});
