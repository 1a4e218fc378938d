// The engine in a browser's worker. Set CHROMIUM where the browser lies elsewhere than in /usr/bin/chromium.
import { existsSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, open, TestPage } from "./testing/browser.ts";

const hasBrowser = existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium");

/** Trains on the page; what is left of the events is small enough to be handed over. */
function train(page: Page, run: string, steps: number) {
  return page.evaluate(
    async ([name, count]) => {
      const losses: number[] = [];
      const tensors = new Map<number, number>();
      window.latest = 0;
      for await (const item of window.engine.stream("train", { run: name, steps: count })) {
        if (item.type === "step") losses.push(item.loss);
        if (item.type === "memory") tensors.set(item.step, item.numTensors);
      }
      return { losses, tensors: [tensors.get(19), tensors.get(199)], latest: window.latest };
    },
    [run, steps] as const,
  );
}

/** On software WebGPU every operation takes a millisecond, so the model is as small as can be. */
const newRun = (page: Page, run: string, small: boolean) =>
  page.evaluate(
    ([name, isSmall]) => {
      const { defaultRun } = window;
      const { model, train: loop, tokenizer, data } = defaultRun;
      const settings = {
        ...defaultRun,
        model: isSmall ? { ...model, nLayers: 1, embDim: 48, contextLength: 32 } : model,
        tokenizer: isSmall ? { kind: "bpe" as const, vocabSize: 400 } : tokenizer,
        data: isSmall ? { ...data, stride: 32 } : data,
        train: { ...loop, sampleEvery: 100, evalEvery: 100, learningRate: isSmall ? 1e-2 : loop.learningRate },
      };
      return window.engine.call("newRun", { run: name, settings, text: { kind: "builtin", language: "en" } });
    },
    [run, small] as const,
  );

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.skipIf(!hasBrowser).each([
  { backend: "wasm", webgpu: false },
  { backend: "webgpu", webgpu: true },
])(
  "the engine in Chromium on $backend",
  ({ backend, webgpu }) => {
    let site: TestPage;
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      site = await TestPage.serve(true);
      browser = await launch({ webgpu });
      page = await open(browser, site);
    });
    afterAll(async () => {
      await browser.close();
      await site.close();
    });

    it("takes the best backend that there is, and says why", async () => {
      const status = await page.evaluate(() => window.engine.start("auto"));
      expect(status.backend).toBe(backend);
      console.log(JSON.stringify(status));
    });

    it("writes what the model has learned while the page stays awake", async () => {
      const { text, tokensPerSecond, latest } = await page.evaluate(async () => {
        const model = "tiny";
        await window.engine.call("loadModel", { model, source: { kind: "bundled" } });
        window.latest = 0;
        const knobs = { sampling: { temperature: 0 }, seed: 1, maxNewTokens: 40 };
        const written = await window.engine.call("generate", { model, prompt: "The Patience", ...knobs });
        return { ...written, latest: window.latest };
      });
      console.log(backend, tokensPerSecond, latest);
      expect(text).toContain("It took an hour to get him down.");
      expect(latest).toBeLessThan(200);
    });

    it("trains 200 steps: the loss falls, tensors do not pile up, the page stays awake, and a saved run goes on", async () => {
      await newRun(page, "a", webgpu);
      const started = performance.now();
      const { losses, tensors, latest } = await train(page, "a", 200);
      console.log(backend, (performance.now() - started) / 1000, latest, losses[0], mean(losses.slice(-10)));
      expect(mean(losses.slice(-10)) / losses[0]!).toBeLessThan(0.7);
      expect(tensors[1]).toBe(tensors[0]);
      expect(latest).toBeLessThan(200);
      const again = await page.evaluate(async () => {
        const files = await window.engine.call("saveRun", { run: "a" });
        return window.engine.call("openRun", { run: "b", files });
      });
      expect(again.step).toBe(200);
      const [next, resumed] = [await train(page, "a", 5), await train(page, "b", 5)];
      resumed.losses.forEach((loss, i) => expect(loss).toBeCloseTo(next.losses[i]!, 4));
    });

    it("comes back when its worker is gone", async () => {
      const text = await page.evaluate(async () => {
        window.workers.at(-1)?.terminate();
        window.workers.at(-1)?.dispatchEvent(new ErrorEvent("error", { message: "terminated" }));
        const tokens = await window.engine.call("encode", { model: "tiny", text: "何大娘" });
        return tokens.map((token) => token.text).join("");
      });
      expect(text).toContain("娘");
    });
  },
  300_000,
);
