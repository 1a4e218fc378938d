import { Generator } from "@scratch-llm/nn";
import { trainBPE } from "@scratch-llm/tokenizer";
import { expect, it } from "vitest";
import { generateText } from "./generate-text.ts";
import { generateTextSimple } from "./generate-text-simple.ts";
import { GPTModel } from "./gpt-model.ts";

const tokenizer = trainBPE(["The sun rises. 太阳升起。 The moon rises too."], { vocabSize: 270 });
const model = new GPTModel(
  {
    vocabSize: tokenizer.vocabSize,
    contextLength: 12,
    embDim: 16,
    nHeads: 2,
    nLayers: 1,
    dropRate: 0.5,
    qkvBias: false,
  },
  { generator: new Generator(1) },
);

it("continues a prompt past the context length, without dropout, and leaves the model in its mode", async () => {
  const text = await generateText(model, tokenizer, "The sun", 20);
  expect(model.training).toBe(true);
  expect(await generateText(model, tokenizer, "The sun", 20)).toBe(text);

  model.eval();
  const prompt = tokenizer.encode("The sun");
  const ids = generateTextSimple({ model, ids: prompt, maxNewTokens: 20, contextSize: 12 }).dataSync() as Int32Array;
  expect(text).toBe(tokenizer.decode(ids));
  expect(ids.length).toBe(prompt.length + 20);
  expect(await generateText(model, tokenizer, "The sun")).toHaveLength(
    tokenizer.decode(
      generateTextSimple({ model, ids: prompt, maxNewTokens: 50, contextSize: 12 }).dataSync() as Int32Array,
    ).length,
  );
  model.train();
});
