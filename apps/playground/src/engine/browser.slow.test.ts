// Software WebGPU, in which every operation takes milliseconds: some minutes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { hasBrowser, launch, open, TestPage } from "./testing/browser.ts";
import { expectLossesOfWasm, expectTraining, expectWriting } from "./testing/scenario.ts";

describe.skipIf(!hasBrowser)("the engine in Chromium on software WebGPU", { timeout: 1_800_000 }, () => {
  let site: TestPage;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    site = await TestPage.serve({ isolated: true });
    browser = await launch({ webgpu: true });
    page = await open(browser, site);
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  it("takes it, and tells the adapter", async () => {
    const status = await page.evaluate(() => window.engine.start("auto"));
    expect(status).toMatchObject({ backend: "webgpu", refused: [], adapter: expect.stringContaining("(software)") });
  });

  it("writes", () => expectWriting(page, 10, "That goat can"));

  it("trains", () => expectTraining(page, { small: true }));

  it("comes back with the same words when its graphics device is lost", async () => {
    const write = () =>
      page.evaluate(async () => {
        const knobs = { sampling: { temperature: 0 }, seed: 1, maxNewTokens: 4 };
        return (await window.engine.call("generate", { model: "tiny", prompt: "The Patience", ...knobs })).text;
      });
    const worker = page.workers().at(-1)!;
    await worker.evaluate(() => {
      const { createCommandEncoder } = GPUDevice.prototype;
      GPUDevice.prototype.createCommandEncoder = function (...settings) {
        Object.assign(globalThis, { lose: () => this.destroy() });
        return createCommandEncoder.apply(this, settings);
      };
    });
    const before = await write();
    const gone = worker.waitForEvent("close");
    await worker.evaluate(() => (globalThis as unknown as { lose: () => void }).lose());
    await gone;
    expect(await write()).toBe(before);
    const state = await page.evaluate(() => {
      const now = window.engine.state;
      if (now.phase !== "ready") return now.phase;
      return { why: { ...now.recovered }, backend: now.status.backend }; // an error itself would arrive without its code
    });
    expect(state).toMatchObject({ why: { code: "ENGINE_RESTARTED" }, backend: "webgpu" });
  });

  it("trains with the losses of WASM", () => expectLossesOfWasm(page));
});
