import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Event, eventsOf, runTrainer } from "@test/run-trainer.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const python = process.env["SCRATCH_LLM_PYTHON"] ?? "";
const script = fileURLToPath(new URL("../../../../fixtures/trainer/classify_with_transformers.py", import.meta.url));
/** The most that a fine-tuning on a built-in set may take, from the command's start to its end, on two cores. */
const MINUTES = 3;

/** What a reader does first: the quickstart, then every fine-tuning without a flag, each on the quickstart's model. */
describe("after the quickstart, without a flag", { timeout: 900_000 }, () => {
  let folder: string;
  const command = async (...args: string[]): Promise<{ events: Event[]; done: Event; seconds: number }> => {
    const started = performance.now();
    const { code, stdout, stderr } = await runTrainer([...args, "--json"], { cwd: folder });
    const seconds = (performance.now() - started) / 1000;
    expect(code, stdout.slice(-2000) + stderr).toBe(0);
    const events = eventsOf(stdout);
    console.log(
      `${args.join(" ")}: ${Math.round(seconds)} s, estimated ${Math.round(Number(events[0]?.["etaSeconds"]))} s`,
    );
    return { events, done: events.at(-1) as Event, seconds };
  };
  const evals = (events: readonly Event[]): Event[] => events.filter(({ type }) => type === "eval");

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "scratch-llm-quickstart-"));
    await command("quickstart");
  }, 900_000);
  afterAll(() => rm(folder, { recursive: true }));

  it("the classifier reaches 95 % validation accuracy", async () => {
    const { done, seconds } = await command("train", "classify");
    const { trainAccuracy, valAccuracy, testAccuracy } = done as unknown as Record<string, number>;
    console.log(`accuracy: training ${trainAccuracy}, validation ${valAccuracy}, test ${testAccuracy}`);
    expect(valAccuracy).toBeGreaterThanOrEqual(0.95);
    expect(testAccuracy).toBeGreaterThanOrEqual(0.9);
    expect(seconds).toBeLessThan(60 * MINUTES);
    const judged = await command("classify", "You have won a free prize! Call now!", "I shall be home at six.");
    expect(judged.events.filter(({ type }) => type === "class").map(({ label }) => label)).toEqual(["spam", "ham"]);
  });

  it.skipIf(python === "")(
    "transformers finds the same probabilities (skipped without SCRATCH_LLM_PYTHON)",
    async () => {
      const texts = ["You have won a free prize!", "今晚六点到家。", "Free gold for all, only today"];
      const { events } = await command("classify", ...texts);
      const runs = await readdir(join(folder, "runs"));
      const run = join(folder, "runs", runs.find((name) => name.startsWith("classify")) ?? "", "checkpoints");
      const [checkpoint = ""] = await readdir(run);
      const theirs = JSON.parse(
        execFileSync(python, [script, join(run, checkpoint), ...texts], { encoding: "utf8" })
          .trim()
          .split("\n")
          .at(-1)!,
      );
      expect(theirs.problems).toEqual({});
      for (const [i, { probabilities }] of events.filter(({ type }) => type === "class").entries()) {
        const ours = Object.entries(probabilities as Record<string, number>);
        expect(ours.map(([label]) => label)).toEqual(theirs.labels);
        ours.forEach(([, probability], j) => expect(theirs.probabilities[i][j]).toBeCloseTo(probability, 4));
      }
    },
  );

  it("the model learns to answer: the loss on unseen tasks falls by 1", async () => {
    const { events, seconds } = await command("train", "instruct");
    const losses = evals(events).map(({ valLoss }) => valLoss as number);
    console.log(`validation loss ${losses[0]} → ${losses.at(-1)}`);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) - 1);
    expect(seconds).toBeLessThan(60 * MINUTES);
  });

  it("and which answers are preferred: the margin on unseen pairs grows by 0.3", async () => {
    const { events, seconds } = await command("train", "dpo");
    const margins = evals(events).map(({ valRewardMargin }) => valRewardMargin as number);
    console.log(`validation margin ${margins[0]} → ${margins.at(-1)}`);
    expect(margins.at(-1)).toBeGreaterThan((margins[0] as number) + 0.3);
    expect(seconds).toBeLessThan(60 * MINUTES);
  });
});
