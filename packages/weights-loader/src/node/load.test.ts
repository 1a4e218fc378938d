// Folders written by transformers, the book's code and TensorFlow: fixtures/gpt2-weights/make_*.py.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { type Expected, expectAsTheWriter } from "@test/as-the-writer.ts";
import { loadModelFolder } from "../node.ts";

const fixtures = fileURLToPath(new URL("../../../../fixtures/gpt2-weights", import.meta.url));
let expected: Record<string, Expected> & { prompt: string; ids: number[] };
beforeAll(async () => {
  await tf.setBackend("cpu");
  expected = JSON.parse(await readFile(join(fixtures, "expected.json"), "utf8"));
});

it.each(["hf", "hf-sharded", "hf-untied", "hf-f16", "hf-bf16", "hf-old", "book", "openai", "openai-snappy"])(
  "%s: the writer's logits and 40 greedy ids",
  async (name) => {
    const { model, tokenizer } = await loadModelFolder(join(fixtures, name));
    const ids = [...tokenizer.encode(expected.prompt)];
    expect(ids).toEqual(expected.ids);
    expect(model.training).toBe(false);
    await expectAsTheWriter(model, ids, expected[name.startsWith("openai") ? "hf" : name]!); // OpenAI's are "hf"'s weights
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
