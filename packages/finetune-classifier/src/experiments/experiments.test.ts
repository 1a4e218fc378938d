import { readFile } from "node:fs/promises";
import { GPTModelFast } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import { trainBPE } from "@scratch-llm/tokenizer";
import { expectNoTensorLeak, useTestBackend } from "@test/backend.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { parseLabeledTexts } from "../data/parse-labeled-texts.ts";
import { randomSplit } from "../data/split.ts";
import { EXPERIMENTS, type Experiment } from "./experiments.ts";
import { experimentsReport } from "./experiments-report.ts";
import { type ExperimentResult, runExperiment } from "./run-experiment.ts";

beforeAll(() => useTestBackend("wasm"));

const content = await readFile(SAMPLE_SETS.messages, "utf8");
const data = randomSplit(parseLabeledTexts(content).slice(0, 60));
const tokenizer = trainBPE([content], { vocabSize: 400 });
const SIZE = { vocabSize: 400, contextLength: 128, embDim: 8, nHeads: 2, nLayers: 2, dropRate: 0.1, qkvBias: false };

/** One epoch on a model that is tiny, whatever the row asks for. */
async function run(experiment: Experiment): Promise<ExperimentResult & { losses: number[] }> {
  const losses: number[] = [];
  const model = new GPTModelFast(SIZE, { generator: new Generator(5) });
  const onEvent = (event: { type: string; loss?: number }): void => {
    if (event.type === "step") losses.push(event.loss!);
  };
  const result = await runExperiment(experiment, { model, tokenizer, data, epochs: 1, learningRate: 1e-2, onEvent });
  model.dispose();
  return { ...result, losses };
}

describe("EXPERIMENTS", () => {
  it("has the book's 19 rows and their settings", () => {
    expect(EXPERIMENTS.map(({ row }) => row)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
    expect(new Set(EXPERIMENTS.map(({ name }) => name)).size).toBe(19);
    const settings = EXPERIMENTS.map(({ row: _row, name: _name, book: _book, ...rest }) => JSON.stringify(rest));
    expect(new Set(settings).size).toBe(19);
    expect(EXPERIMENTS[10]).toMatchObject({ trainable: "lora", lora: { rank: 16, alpha: 16 }, book: { test: 96.67 } });
    expect(EXPERIMENTS[14]).toMatchObject({ length: "own", batchSize: 1, accumulationSteps: 8 });
  });

  it("every row runs, and each that should differ from the first does", async () => {
    const found = new Map<number, Awaited<ReturnType<typeof run>>>();
    for (const experiment of EXPERIMENTS) {
      await expectNoTensorLeak(async () => void found.set(experiment.row, await run(experiment)));
    }
    for (const { trainAccuracy, valAccuracy, testAccuracy } of found.values()) {
      for (const share of [trainAccuracy, valAccuracy, testAccuracy]) expect(share >= 0 && share <= 1).toBe(true);
    }
    // Rows that differ in their model alone, and the row of the ignored class, repeat the first here.
    const likeFirst = [...found].filter(([, { losses }]) => losses.join() === found.get(1)!.losses.join());
    expect(likeFirst.map(([row]) => row)).toEqual([1, 6, 7, 8, 18]);
    expect(found.get(15)!.losses).toHaveLength(Math.ceil(42 / 8));
    expect(found.get(14)!.losses).toHaveLength(42);
    const params = [3, 1, 4, 5].map((row) => found.get(row)!.trainedParams);
    expect(params).toEqual(params.toSorted((a, b) => a - b));
  });
});

describe("experimentsReport", () => {
  it("is a Markdown table with the book's numbers, and says why a row was not run", () => {
    const result = {
      trainAccuracy: 1,
      valAccuracy: 0.98658,
      testAccuracy: 0.95,
      minutes: 1.5,
      trainedParams: 7_091_714,
    };
    const outcomes = [
      { experiment: EXPERIMENTS[0]!, result },
      { experiment: EXPERIMENTS[7]!, reason: "no model | here" },
      { experiment: EXPERIMENTS[7]!, result, model: "given model" },
    ];
    const report = experimentsReport(outcomes, "On a test.");
    expect(report).toContain("On a test.");
    expect(report).toContain(
      "| 1 | chapter 6: last token, last block | gpt2-124M, pretrained | 100.00 % | 98.66 % | 95.00 % | 1.50 | 7,091,714 | 96.63 / 99.33 / 95.00 |",
    );
    expect(report).toContain("| 8 | 1558M | gpt2-1558M, pretrained | not run: no model \\| here |");
    expect(report).toContain("| 8 | 1558M | given model, pretrained | 100.00 % |");
    const table = report.split("\n").filter((row) => row.startsWith("|"));
    expect(new Set(table.map((row) => row.replaceAll("\\|", "").split("|").length)).size).toBe(1);
  });
});
