import type { GPTConfig } from "@scratch-llm/gpt";
import { expect, it } from "vitest";
import { theirShape } from "./layout.ts";
import { loadModel } from "./model.ts";
import { expandRows } from "./names.ts";
import type { WeightSource } from "./source.ts";

const config: GPTConfig = {
  vocabSize: 7,
  contextLength: 4,
  embDim: 4,
  nHeads: 2,
  nLayers: 1,
  dropRate: 0,
  qkvBias: false,
  tieWeights: true,
};

/** A Hugging Face file in memory with all tensors that such a file can have, filled with one number each. */
function source(fill: (name: string) => number): WeightSource & { reads: string[] } {
  const tensors = new Map(
    expandRows(config, "hf").map(({ row, theirs }) => [theirs!, { shape: theirShape(row, config, "hf") }]),
  );
  const reads: string[] = [];
  return {
    tensors,
    reads,
    async read(name) {
      reads.push(name);
      return new Float32Array(tensors.get(name)!.shape.reduce((a, b) => a * b)).fill(fill(name));
    },
    close: () => Promise.resolve(),
  };
}

const isQkvBias = (name: string): boolean => name.endsWith("c_attn.bias");

it("reads every tensor once, though query, key and value lie in one", async () => {
  const file = source((name) => (isQkvBias(name) ? 0 : 0.5));
  const model = await loadModel({ config, format: "hf", source: file });
  const once = file.reads.filter((name) => name !== "wte.weight"); // the head is compared with it
  expect(once).toEqual([...new Set(once)]);
  expect(file.reads.filter((name) => name === "wte.weight")).toHaveLength(2);
  model.dispose();
});

it("refuses biases that the model is said to lack", async () => {
  const file = source(() => 0.5);
  await expect(loadModel({ config, format: "hf", source: file })).rejects.toThrow(
    /c_attn.bias is not zero; set qkvBias/,
  );
});

it("refuses a head that is said to be the embedding and is not", async () => {
  const file = source((name) => (isQkvBias(name) ? 0 : name === "lm_head.weight" ? 2 : 0.5));
  await expect(loadModel({ config, format: "hf", source: file })).rejects.toThrow(
    /lm_head.weight differs from wte.weight/,
  );
});
