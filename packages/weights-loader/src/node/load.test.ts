// Folders written by transformers, the book's code and TensorFlow: fixtures/gpt2-weights/make_*.py.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateTextSimple, type GPTModel } from "@scratch-llm/gpt";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { loadModelFolder } from "../node.ts";

interface Expected {
  readonly logits: readonly number[];
  readonly greedy: readonly number[];
}

const fixtures = fileURLToPath(new URL("../../../../fixtures/gpt2-weights", import.meta.url));
let expected: Record<string, Expected> & { prompt: string; ids: number[] };
beforeAll(async () => {
  await tf.setBackend("cpu");
  expected = JSON.parse(await readFile(join(fixtures, "expected.json"), "utf8"));
});

async function lastLogits(model: GPTModel, ids: number[]): Promise<Float32Array> {
  const logits = tf.tidy(() => model.forward(tf.tensor2d([ids], [1, ids.length], "int32"), { lastOnly: true }));
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  return values;
}

function largestDifference(a: ArrayLike<number>, b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...b.map((value, i) => Math.abs(value - a[i]!)));
}

it.each(["hf", "hf-sharded", "hf-untied", "hf-f16", "hf-bf16", "hf-old", "book", "openai", "openai-snappy"])(
  "%s: the writer's logits and 40 greedy ids",
  async (name) => {
    const { model, config, tokenizer } = await loadModelFolder(join(fixtures, name));
    const ids = [...tokenizer.encode(expected.prompt)];
    const { logits, greedy } = expected[name.startsWith("openai") ? "hf" : name]!; // OpenAI's are "hf"'s weights
    expect(ids).toEqual(expected.ids);
    expect(model.training).toBe(false);
    expect(largestDifference(await lastLogits(model, ids), logits)).toBeLessThan(1e-4);
    const written = generateTextSimple({
      model,
      ids: Int32Array.from(ids),
      maxNewTokens: 40,
      contextSize: config.contextLength,
    });
    expect([...(await written.data())].slice(ids.length)).toEqual(greedy);
    written.dispose();
    model.dispose();
  },
);

it("takes another dropout rate than the folder's", async () => {
  const { model, config } = await loadModelFolder(join(fixtures, "hf"), { dropRate: 0.25 });
  expect(config.dropRate).toBe(0.25);
  expect(model.config.dropRate).toBe(0.25);
  expect(model.dropEmb.rate).toBe(0.25);
  model.dispose();
});
