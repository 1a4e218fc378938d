import type { Page } from "playwright-core";
import { expect } from "vitest";

/** On software WebGPU every operation takes milliseconds, whatever its size: the model there is as small as can be. */
const newRun = (page: Page, run: string, isSmall: boolean) =>
  page.evaluate(
    ([name, small]) => {
      const { defaultRun } = window;
      const { model, train: loop, tokenizer, data } = defaultRun;
      const settings = {
        ...defaultRun,
        model: small ? { ...model, nLayers: 1, embDim: 48, contextLength: 32 } : model,
        tokenizer: small ? { kind: "bpe" as const, vocabSize: 300 } : tokenizer,
        data: small ? { ...data, stride: 32 } : data,
        train: { ...loop, sampleEvery: 1000, evalEvery: 1000, learningRate: small ? 1e-2 : loop.learningRate },
      };
      return window.engine.call("newRun", { run: name, settings, text: { kind: "builtin", language: "en" } });
    },
    [run, isSmall] as const,
  );

/** Trains on the page; what is left of the events is small enough to be handed over. */
const train = (page: Page, run: string, steps: number) =>
  page.evaluate(
    async ([name, count]) => {
      const losses: number[] = [];
      const tensors = new Map<number, number>();
      for await (const item of window.engine.stream("train", { run: name, steps: count })) {
        if (item.type === "step") losses.push(item.loss);
        if (item.type === "memory") tensors.set(item.step, item.numTensors);
      }
      return { losses, tensors: [tensors.get(19), tensors.get(199)] };
    },
    [run, steps] as const,
  );

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** 200 steps of training: the loss falls, tensors do not pile up, and a saved run goes on. */
export async function expectTraining(page: Page, { small }: { readonly small: boolean }): Promise<void> {
  await newRun(page, "a", small);
  const { losses, tensors } = await train(page, "a", 200);
  expect(mean(losses.slice(-10)) / losses[0]!).toBeLessThan(0.7);
  expect(tensors[1]).toBe(tensors[0]);
  const again = await page.evaluate(async () => {
    const files = await window.engine.call("saveRun", { run: "a" });
    return window.engine.call("openRun", { run: "b", files });
  });
  expect(again.step).toBe(200);
  const next = await train(page, "a", 3);
  const resumed = await train(page, "b", 3);
  for (const [i, loss] of resumed.losses.entries()) expect(Math.abs(loss - next.losses[i]!)).toBeLessThan(1e-4);
}

/** WebGPU's losses are WASM's: it drops what its device refuses without an exception, and goes on with wrong numbers. */
export async function expectLossesOfWasm(page: Page): Promise<void> {
  const losses: number[][] = [];
  for (const backend of ["wasm", "webgpu"] as const) {
    await page.evaluate((choice) => window.engine.start(choice), backend);
    await newRun(page, "c", true);
    losses.push((await train(page, "c", 10)).losses);
  }
  const [wasm = [], webgpu = []] = losses;
  expect(webgpu).toHaveLength(10);
  for (const [i, loss] of webgpu.entries()) expect(Math.abs(loss - wasm[i]!), `step ${i + 1}`).toBeLessThan(1e-4);
}

/** The bundled model writes what it has learned. */
export async function expectWriting(page: Page, count: number, expected: string): Promise<void> {
  const { text } = await page.evaluate(async (maxNewTokens) => {
    const model = "tiny";
    await window.engine.call("loadModel", { model, source: { kind: "bundled" } });
    const knobs = { sampling: { temperature: 0 }, seed: 1, maxNewTokens };
    return window.engine.call("generate", { model, prompt: "The Patience", ...knobs });
  }, count);
  expect(text).toContain(expected);
}
