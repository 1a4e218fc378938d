import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GPT_CONFIG_124M, GPTModelFast } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import { useTestBackend } from "@test/backend.ts";
import { type Event, eventsOf, runTrainer } from "@test/run-trainer.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const data = process.env["SCRATCH_LLM_TEST_DATA"];
const settings = (...assignments: string[]): string[] => assignments.flatMap((one) => ["--set", one]);
const FEW = settings(
  "train.evalEvery=100",
  "train.evalBatches=1",
  "train.sampleEvery=100",
  "responses.count=1",
  "responses.maxNewTokens=8",
);
const LORA = ["--lora", ...settings("train.learningRate=1e-3", "train.minLearningRate=1e-3")];

/** What a run was and what it took. */
interface Measured {
  readonly start: Event | undefined;
  readonly losses: readonly number[];
  readonly peak: number;
}

/** Weights of GPT-2's shape and size, but random: what is measured does not depend on them. */
describe("a 124M model", { timeout: 1_800_000 }, () => {
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

  async function train(name: string, steps: number, ...more: string[]): Promise<Measured> {
    const common = ["--init", "base", "--run-dir", name, "--max-steps", `${steps}`, "--json"];
    const args = ["train", "instruct", ...common, ...FEW, ...more];
    const { code, stdout, stderr } = await runTrainer(args, { cwd: folder });
    expect(code, stdout.slice(-2000) + stderr).toBe(0);
    const events = eventsOf(stdout);
    const losses = events.filter(({ type }) => type === "step").map(({ loss }) => loss as number);
    const {
      peakMemoryBytes: peak = Number.NaN,
      tokensPerSecond = 0,
      seconds,
    } = events.at(-1) as unknown as Record<string, number>;
    const eta = Math.round(Number(events[0]?.["etaSeconds"]));
    const speed = Math.round(tokensPerSecond);
    console.log(
      `${name}: peak ${(peak / 1e9).toFixed(2)} GB, ${speed} tokens/s, ${Math.round(seconds ?? 0)} s (estimated ${eta} s)`,
    );
    await rm(join(folder, name), { recursive: true });
    return { start: events[0], losses, peak };
  }

  it("needs with LoRA at most 70 % of the memory of a full fine-tune, at 2 rows of 256 tokens", async () => {
    const words = Array.from({ length: 300 }, (_, i) => `word${i % 10}`).join(" ");
    const entries = Array.from({ length: 20 }, (_, i) => ({ instruction: `Write ${i}.`, input: "", output: words }));
    await writeFile(join(folder, "long.json"), JSON.stringify(entries));
    const wide = ["--data", "long.json", ...settings("train.batchSize=2", "data.maxLength=256", "responses.count=0")];
    const full = await train("full, 2 x 256", 3, ...wide);
    const lora = await train("LoRA, 2 x 256", 3, ...wide, ...LORA);
    console.log(`LoRA takes ${((100 * lora.peak) / full.peak).toFixed(1)} % of ${(full.peak / 1e9).toFixed(2)} GB`);
    expect(lora.peak).toBeLessThan(0.7 * full.peak);
  });

  it.skipIf(!data)(
    "learns from the book's 1,100 tasks, all weights and with LoRA (skipped without SCRATCH_LLM_TEST_DATA)",
    async () => {
      const book = ["--data", join(data ?? "", "instruction-data.json"), ...settings("train.batchSize=6")];
      const full = await train("full", 4, ...book);
      expect(full.start).toMatchObject({
        params: 124_439_808,
        entries: { train: 935, val: 55, test: 110, skipped: 0 },
      });
      expect(full.losses.at(-1)).toBeLessThan((full.losses[0] as number) - 1);
      const lora = await train("LoRA", 4, ...book, ...LORA);
      expect(lora.losses.at(-1)).toBeLessThan(lora.losses[0] as number);
    },
  );
});
