import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Generator } from "@scratch-llm/nn";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { createDataLoaderV1 } from "./create-dataloader-v1.ts";

const testData = process.env.SCRATCH_LLM_TEST_DATA;

describe("createDataLoaderV1", () => {
  it("stacks windows to int32 batches that the consumer disposes", async () => {
    const before = tf.memory().numTensors;
    const text = "One day the little mill by the river stopped, and nobody could say why it had.";
    const tokenizer = await gpt2Tokenizer();
    const ids = [...tokenizer.encode(text)];
    const [first] = createDataLoaderV1(text, tokenizer, { batchSize: 2, maxLength: 4, stride: 3, shuffle: false });
    expect(first?.inputs.dtype).toBe("int32");
    expect(await first?.inputs.array()).toEqual([ids.slice(0, 4), ids.slice(3, 7)]);
    expect(await first?.targets.array()).toEqual([ids.slice(1, 5), ids.slice(4, 8)]);
    tf.dispose([first?.inputs, first?.targets].filter((tensor) => tensor !== undefined));
    expect(tf.memory().numTensors).toBe(before);
  });

  it.skipIf(!testData)("gives section 2.6's first batch and chapter 5's batch counts on The Verdict", async () => {
    const text = readFileSync(join(testData ?? "", "the-verdict.txt"), "utf8");
    const tokenizer = await gpt2Tokenizer();
    const [first] = createDataLoaderV1(text, tokenizer, { batchSize: 8, maxLength: 4, stride: 4, shuffle: false });
    expect((await first?.inputs.array())?.slice(0, 2)).toEqual([
      [40, 367, 2885, 1464],
      [1807, 3619, 402, 271],
    ]);
    expect((await first?.targets.array())?.[0]).toEqual([367, 2885, 1464, 1807]);
    tf.dispose([first?.inputs, first?.targets].filter((tensor) => tensor !== undefined));

    const [train, val] = [text.slice(0, 18_431), text.slice(18_431)]; // 90 % of 20,479 characters
    const generator = new Generator(123);
    const options = { batchSize: 2, maxLength: 256, stride: 256, generator };
    expect(createDataLoaderV1(train, tokenizer, options).length).toBe(9);
    expect(createDataLoaderV1(val, tokenizer, { ...options, shuffle: false, dropLast: false }).length).toBe(1);
  });
});
