import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createDataLoaderV1, type DataLoader } from "@scratch-llm/dataloader";
import { GPT_CONFIG_124M, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, Generator, TorchDropout } from "@scratch-llm/nn";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { useTestBackend } from "@test/backend.ts";
import { expect, it } from "vitest";
import { calcLossLoader } from "./losses.ts";
import { splitText } from "./text.ts";
import { trainModel } from "./train-model.ts";

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

it.skipIf(!testData || !native)("gives chapter 5's losses before and in training at 124M, on native", async () => {
  const { generator, model, trainLoader, valLoader } = await bookRun();
  const state = generator.getState();
  model.eval();
  expect(await calcLossLoader(trainLoader, model)).toBeCloseTo(10.987_583, 4);
  expect(await calcLossLoader(valLoader, model)).toBeCloseTo(10.981_106, 4);
  generator.setState(state);

  const optimizer = new AdamW(model.namedParameters(), { lr: 4e-4, weightDecay: 0.1 });
  const run = { model, optimizer, trainLoader, valLoader, dropout: new TorchDropout(generator) };
  const batchLosses: number[] = [];
  const losses: number[][] = [];
  for await (const event of trainModel({ ...run, maxSteps: 11, evalEvery: 5 })) {
    if (event.type === "step") batchLosses.push(event.loss);
    if (event.type === "eval") losses.push([event.trainLoss, event.valLoss]);
  }
  expect(batchLosses[0]).toBeCloseTo(10.999_969, 3);
  const printed = [
    [9.781, 9.933],
    [8.111, 8.339],
    [6.661, 7.048],
  ];
  expect(losses).toHaveLength(printed.length);
  for (const [i, pair] of printed.entries()) {
    for (const [j, loss] of pair.entries()) expect(Math.abs((losses[i]?.[j] ?? 0) - loss)).toBeLessThan(0.001);
  }
  model.dispose();
  optimizer.dispose();
});
