import { useTestBackend } from "@test/backend.ts";
import {
  DecoderSlots,
  generate,
  type GenerateStep,
  GenerationRow,
  GPT_CONFIG_TINY,
  GPTModel,
  ModelDecoder,
  type SlotTokens,
} from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import { expect, it } from "vitest";
import { Scheduler } from "./scheduler.ts";

/** Slots that remember how many tokens the rows of every step had. */
class WatchedSlots extends DecoderSlots {
  readonly sizes: number[][] = [];

  override step(tokens: readonly SlotTokens[]): Promise<Float32Array[]> {
    this.sizes.push(tokens.map(({ ids }) => ids.length));
    return super.step(tokens);
  }
}

async function idsOf(steps: AsyncIterable<GenerateStep>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of steps) ids.push(id);
  return ids;
}

it("reads long prompts in parts, and the other rows get a token in each step", async () => {
  await useTestBackend("wasm");
  const config = { ...GPT_CONFIG_TINY, contextLength: 320 };
  const model = new GPTModel(config, { generator: new Generator(1) }).eval();
  const decoder = new WatchedSlots({ create: () => new ModelDecoder(model), maxSlots: 3 });
  const scheduler = new Scheduler({ decoder, queueLimit: 8 });
  const options = { maxNewTokens: 8 };
  const prompts = [3, 300, 90].map((length) => Int32Array.from({ length }, (_, i) => (7 * i + length) % 50));
  const answers = await Promise.all(
    prompts.map((prompt) => {
      const row = new GenerationRow(0, prompt, options, config.contextLength);
      return idsOf(scheduler.submit([row], new AbortController().signal));
    }),
  );
  const alone: number[][] = [];
  for (const prompt of prompts) alone.push(await idsOf(generate(model, prompt, options)));
  expect(answers).toEqual(alone);
  expect(decoder.sizes.slice(0, 4)).toEqual([
    [3, 125],
    [1, 128],
    [1, 47, 81],
    [1, 1, 9],
  ]);
  await scheduler.idle();
  decoder.dispose();
});
