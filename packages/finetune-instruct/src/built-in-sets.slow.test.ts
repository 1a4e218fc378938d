import { readFile } from "node:fs/promises";
import { DataLoader, GPTDatasetV1 } from "@scratch-llm/dataloader";
import { GPT_CONFIG_TINY, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, Generator } from "@scratch-llm/nn";
import { type EvalEvent, trainModel } from "@scratch-llm/pretrain";
import { trainBPE } from "@scratch-llm/tokenizer";
import { useTestBackend } from "@test/backend.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { collateInstructions } from "./collate.ts";
import { PreferenceDataset } from "./dpo/preference-dataset.ts";
import { type DpoMeasures, trainDpo } from "./dpo/train-dpo.ts";
import { collateReferenced, withReference } from "./dpo/with-reference.ts";
import { checkInstructions, checkPreferences, parseEntries } from "./instruction.ts";
import { InstructionDataset } from "./instruction-dataset.ts";
import { formatEntry } from "./prompt-format.ts";
import { respondAll } from "./respond.ts";
import { splitData } from "./split-data.ts";
import { rougeL } from "./string-metrics.ts";

const read = (path: string): Promise<string> => readFile(new URL(`../../samples/${path}`, import.meta.url), "utf8");
const texts = await Promise.all([read("texts/en.txt"), read("texts/zh.txt")]);
const instructions = checkInstructions(parseEntries(await read("sets/instructions.json")) as object[]);
const preferences = checkPreferences(parseEntries(await read("sets/preferences.json")) as object[]);

/** One after the other: the quickstart's model on the built-in texts, instructions on it, preferences on that. */
describe("the built-in sets", { timeout: 600_000 }, () => {
  const generator = new Generator(123);
  const tokenizer = trainBPE([...texts, ...instructions.map((entry) => formatEntry(entry))], { vocabSize: 1024 });
  const padTokenId = tokenizer.eosId as number;
  const maxLength = GPT_CONFIG_TINY.contextLength;
  let model: GPTModelFast;

  beforeAll(async () => {
    if (!(await useTestBackend("native"))) await useTestBackend("wasm");
    model = new GPTModelFast({ ...GPT_CONFIG_TINY, vocabSize: 1024, dropRate: 0 }, { generator });
    const ids = tokenizer.encode(texts.join("\n"));
    const windows = new GPTDatasetV1(ids, undefined, { maxLength: 64, stride: 64 });
    const trainLoader = new DataLoader(windows, { batchSize: 8, generator });
    const optimizer = new AdamW(model.namedParameters(), { lr: 1e-3, weightDecay: 0.1 });
    const events = trainModel({ model, optimizer, trainLoader, valLoader: trainLoader, maxSteps: 150 });
    for await (const _ of events) continue;
    optimizer.dispose();
  });

  async function meanRouge(tasks: typeof instructions): Promise<number> {
    let total = 0;
    for await (const { index, response } of respondAll(tasks, { model, tokenizer, maxNewTokens: 40 })) {
      total += rougeL(response, tasks[index]?.output ?? "");
    }
    return total / tasks.length;
  }

  it("teach a model to answer: the loss on unseen tasks falls by 1.5", { timeout: 180_000 }, async () => {
    const { train, val, test } = splitData(instructions);
    const before = await meanRouge(test);
    const loader = (data: typeof train, shuffle: boolean) =>
      new DataLoader(new InstructionDataset(data, tokenizer, { maxLength }), {
        batchSize: 8,
        shuffle,
        dropLast: shuffle,
        generator,
        collate: collateInstructions({ padTokenId, allowedMaxLength: maxLength, maskInstructions: true }),
      });
    const optimizer = new AdamW(model.namedParameters(), { lr: 5e-4, weightDecay: 0.1 });
    const evals: EvalEvent[] = [];
    const options = { model, optimizer, trainLoader: loader(train, true), valLoader: loader(val, false) };
    for await (const event of trainModel({ ...options, epochs: 8, evalEvery: 25 })) {
      if (event.type === "eval") evals.push(event);
    }
    optimizer.dispose();
    const [first, last] = [evals[0] as EvalEvent, evals.at(-1) as EvalEvent];
    expect(last.valLoss).toBeLessThan(first.valLoss - 1.5);
    expect(await meanRouge(test)).toBeGreaterThan(before + 0.05);
  });

  it("teach it which answers are preferred: the margin on unseen pairs grows", { timeout: 180_000 }, async () => {
    const { train, val } = splitData(preferences, { test: 0 });
    const collate = collateReferenced({ padTokenId, allowedMaxLength: maxLength });
    const loader = async (data: typeof train, shuffle: boolean) =>
      new DataLoader(
        await withReference(new PreferenceDataset(data, tokenizer, { maxLength }), model, {
          padTokenId,
          allowedMaxLength: maxLength,
        }),
        { batchSize: 8, shuffle, dropLast: shuffle, generator, collate },
      );
    const optimizer = new AdamW(model.namedParameters(), { lr: 2e-5, weightDecay: 0.01 });
    const evals: DpoMeasures[] = [];
    const options = { model, optimizer, trainLoader: await loader(train, true), valLoader: await loader(val, false) };
    for await (const event of trainDpo({ ...options, epochs: 3, evalEvery: 9 })) {
      if (event.type === "eval") evals.push(event);
    }
    optimizer.dispose();
    const [first, last] = [evals[0] as DpoMeasures, evals.at(-1) as DpoMeasures];
    expect(last.valRewardMargin).toBeGreaterThan(first.valRewardMargin + 0.3);
    expect(last.valLoss).toBeLessThan(first.valLoss - 0.015);
    expect(last.valAccuracy).toBeGreaterThanOrEqual(0.9);
  });
});
