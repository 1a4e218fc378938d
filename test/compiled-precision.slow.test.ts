import { readFileSync } from "node:fs";
import { compile } from "@scratch-llm/backend/node";
import { createDataLoaderV1 } from "@scratch-llm/dataloader";
import { GPT_CONFIG_SMALL, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, type Compile, Generator } from "@scratch-llm/nn";
import { SAMPLE_TEXTS } from "../packages/samples/src/index.ts";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { expect, it } from "vitest";
import { trainModel } from "../packages/pretrain/src/index.ts";
import { useTestBackend } from "./backend.ts";

const native = await useTestBackend("native");
const STEPS = 200;
const CONTEXT = 128;

/** Losses on the built-in text. */
async function losses(precision: "f32" | "bf16"): Promise<number[]> {
  const generator = new Generator(123);
  const tokenizer = await gpt2Tokenizer();
  const config = { ...GPT_CONFIG_SMALL, vocabSize: tokenizer.vocabSize, contextLength: CONTEXT };
  const model = new GPTModelFast(config, { generator });
  const options = { batchSize: 4, maxLength: CONTEXT, stride: CONTEXT, generator };
  const loader = createDataLoaderV1(readFileSync(SAMPLE_TEXTS.en, "utf8"), tokenizer, options);
  const optimizer = new AdamW(model.namedParameters(), { lr: 5e-4, weightDecay: 0.1 });
  const made: { dispose?(): void }[] = [];
  const compiler: Compile = (fn, settings) => {
    const compiled = compile(fn, { ...settings, precision });
    made.push(compiled);
    return compiled;
  };
  const found: number[] = [];
  const run = { model, optimizer, trainLoader: loader, valLoader: loader, compile: compiler, maxSteps: STEPS };
  for await (const event of trainModel(run)) if (event.type === "step") found.push(event.loss);
  for (const compiled of made) compiled.dispose?.();
  optimizer.dispose();
  model.dispose();
  return found;
}

const meanOfLast = (values: readonly number[]): number => values.slice(-20).reduce((sum, value) => sum + value, 0) / 20;

it.skipIf(!native)("200 steps in bfloat16 end where those in float32 do", async () => {
  const [full, narrow] = [await losses("f32"), await losses("bf16")];
  expect(full).toHaveLength(STEPS);
  expect(narrow).not.toEqual(full);
  const [f32, bf16] = [meanOfLast(full), meanOfLast(narrow)];
  console.log(`mean of the last 20 losses: ${f32.toFixed(4)} in float32, ${bf16.toFixed(4)} in bfloat16`);
  expect(f32).toBeLessThan(0.7 * full[0]!);
  expect(Math.abs(bf16 - f32)).toBeLessThan(Math.max(0.02, 0.01 * f32));
});
