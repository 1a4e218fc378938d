// The engine in a browser's worker. Set CHROMIUM where it lies elsewhere than in /usr/bin/chromium.
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { launch, open, TestPage } from "./testing/browser.ts";

const hasBrowser = existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium");

describe.skipIf(!hasBrowser)("the engine in Chromium", () => {
  let site: TestPage;
  let browser: Browser;
  beforeAll(async () => {
    site = await TestPage.serve(true);
    browser = await launch({ webgpu: false });
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  it("tells", async () => {
    const page = await open(browser, site);
    const started = performance.now();
    const status = await page.evaluate(() => window.engine.start("auto"));
    console.log(status, performance.now() - started);
    console.log(await page.evaluate(() => window.engine.call("loadModel", { model: "tiny", source: { kind: "bundled" } })));
    const written = await page.evaluate(() => window.engine.call("generate", { model: "tiny", prompt: "The Patience", sampling: { temperature: 0 }, seed: 1, maxNewTokens: 50 }));
    console.log(written.text, written.tokensPerSecond, await page.evaluate(() => window.latest));
    const train = await page.evaluate(async () => {
      const { engine, defaultRun } = window;
      await engine.call("newRun", { run: "a", settings: { ...defaultRun, train: { ...defaultRun.train, maxSteps: 200 } }, text: { kind: "builtin", language: "both" } });
      const start = performance.now();
      const items: unknown[] = [];
      for await (const item of engine.stream("train", { run: "a" })) items.push(item);
      return { items: items.filter((item) => ["eval", "sample"].includes((item as { type: string }).type)), seconds: (performance.now() - start) / 1000, late: window.latest, status: await engine.call("status", {}) };
    });
    console.log(JSON.stringify(train, null, 1));
    expect(1).toBe(1);
  });
});
