import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createDataLoaderV1, type DataLoader } from "@scratch-llm/dataloader";
import { GPT_CONFIG_124M, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, type Compile, Generator, TorchDropout } from "@scratch-llm/nn";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { expect, it } from "vitest";
import { calcLossLoader, splitText, trainModel } from "../packages/pretrain/src/index.ts";
import { useTestBackend } from "./backend.ts";
import { compiled } from "./compiled.ts";

const testData = process.env.SCRATCH_LLM_TEST_DATA;
/** Model, gradients and moments are more than WASM may hold, and the cpu backend would take hours. */
const native = await useTestBackend("native");

interface BookRun {
  readonly generator: Generator;
  readonly model: GPTModelFast;
  readonly trainLoader: DataLoader;
  readonly valLoader: DataLoader;
}

/** Chapter 5's model and loaders over The Verdict, drawn in the order seed → model → loaders. */
async function bookRun(): Promise<BookRun> {
  const text = readFileSync(join(testData ?? "", "the-verdict.txt"), "utf8");
  const { train, val } = splitText(text, 0.9);
  const tokenizer = await gpt2Tokenizer();
  const generator = new Generator(123);
  const model = new GPTModelFast({ ...GPT_CONFIG_124M, contextLength: 256 }, { generator });
  const options = { batchSize: 2, maxLength: 256, stride: 256, generator };
  const trainLoader = createDataLoaderV1(train, tokenizer, options);
  const valLoader = createDataLoaderV1(val, tokenizer, { ...options, shuffle: false, dropLast: false });
  return { generator, model, trainLoader, valLoader };
}

/** The book's log: losses on training and validation data after the steps 0, 5, 10 … */
const PRINTED = [
  [9.781, 9.933],
  [8.111, 8.339],
  [6.661, 7.048],
  [5.961, 6.616],
  [5.726, 6.6],
  [5.201, 6.348],
  [4.417, 6.278],
  [4.069, 6.226],
  [3.732, 6.16],
  [2.85, 6.179],
  [2.427, 6.141],
  [2.104, 6.134],
  [1.882, 6.233],
  [1.32, 6.238],
  [0.985, 6.242],
  [0.717, 6.293],
  [0.541, 6.393],
  [0.391, 6.452],
] as const;

it.skipIf(!testData || !native).each<[string, number, Compile | undefined, number]>([
  ["one operation at a time, at its beginning", 11, undefined, 0.001],
  ["compiled, with all its evaluations", 90, compiled, 0.002],
])("chapter 5's log comes out at 124M: %s", async (_, maxSteps, compiler, tolerance) => {
  const { generator, model, trainLoader, valLoader } = await bookRun();
  const state = generator.getState();
  model.eval();
  expect(await calcLossLoader(trainLoader, model)).toBeCloseTo(10.987_583, 4);
  expect(await calcLossLoader(valLoader, model)).toBeCloseTo(10.981_106, 4);
  generator.setState(state);

  const optimizer = new AdamW(model.namedParameters(), { lr: 4e-4, weightDecay: 0.1 });
  const dropout = new TorchDropout(generator);
  const run = { model, optimizer, trainLoader, valLoader, dropout, ...(compiler && { compile: compiler }) };
  const batchLosses: number[] = [];
  const losses: number[][] = [];
  for await (const event of trainModel({ ...run, maxSteps, evalEvery: 5 })) {
    if (event.type === "step") batchLosses.push(event.loss);
    if (event.type === "eval") losses.push([event.trainLoss, event.valLoss]);
  }
  model.dispose();
  optimizer.dispose();
  expect(batchLosses[0]).toBeCloseTo(10.999_969, 3);
  expect(losses).toHaveLength(Math.ceil(maxSteps / 5));
  for (const [i, pair] of losses.entries()) {
    for (const [j, loss] of pair.entries()) {
      const difference = Math.abs(loss - (PRINTED[i]?.[j] ?? Number.NaN));
      expect(difference, `step ${5 * i}: ${loss}`).toBeLessThan(tolerance);
    }
  }
});
