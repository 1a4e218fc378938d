import { GPTModelFast } from "@scratch-llm/gpt";
import { expectNoTensorLeak, useTestBackend } from "@test/backend.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { computeOptions } from "../step-compiler.ts";
import { INSTRUCT_PRESETS } from "./answer-config.ts";
import { estimateSeconds } from "./estimate-seconds.ts";

const CONFIG = { vocabSize: 7, contextLength: 4, embDim: 4, nHeads: 2, nLayers: 1, dropRate: 0.1, qkvBias: false };
const STEPS = 10;

let model: GPTModelFast;
beforeAll(async () => {
  await useTestBackend("cpu");
  model = new GPTModelFast(CONFIG);
  model.finalNorm.eval();
});

function estimate(width: number): Promise<number> {
  const task = { widths: { longest: width, typical: width }, rowsPerEntry: 1, trainLoader: { length: 1 } };
  return estimateSeconds(model, INSTRUCT_PRESETS["book-ch07"], task, STEPS, computeOptions({ eager: true }));
}

const modes = (): boolean[] => model.modules().map(({ training }) => training);

describe("estimateSeconds", () => {
  it("leaves every layer in its own mode", async () => {
    const before = modes();
    expect(await estimate(CONFIG.contextLength)).toBeGreaterThan(0);
    expect(modes()).toEqual(before);
  });

  it("does so, and leaves no tensor, when the model cannot take the batch", async () => {
    const before = modes();
    await expectNoTensorLeak(() =>
      expect(estimate(CONFIG.contextLength + 1)).rejects.toMatchObject({ code: "CONTEXT_LENGTH" }),
    );
    expect(modes()).toEqual(before);
  });
});
