// The engine in a browser's worker. Set CHROMIUM where the browser lies elsewhere than in /usr/bin/chromium.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch, open, TestPage } from "./testing/browser.ts";
import { expectTraining, expectWriting } from "./testing/scenario.ts";

describe.skipIf(!hasBrowser)("the engine in Chromium on WASM", { timeout: 180_000 }, () => {
  let site: TestPage;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    site = await TestPage.serve({ isolated: true });
    browser = await launch({ webgpu: false });
    page = await open(browser, site);
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  it("takes the best backend that there is, and says why", async () => {
    const { backend, refused } = await page.evaluate(() => window.engine.start("auto"));
    expect(backend).toBe("wasm");
    expect(refused[0]).toMatchObject({ backend: "webgpu", code: expect.stringMatching(/^(?:missing|no-adapter)$/u) });
  });

  it("writes", () => expectWriting(page, 40, "It took an hour to get him down."));

  it("trains", () => expectTraining(page, { small: false }));

  it("comes back when its worker is gone", async () => {
    const text = await page.evaluate(async () => {
      window.workers.at(-1)?.terminate();
      window.workers.at(-1)?.dispatchEvent(new ErrorEvent("error", { message: "terminated" }));
      const tokens = await window.engine.call("encode", { model: "tiny", text: "何大娘" });
      return tokens.map((token) => token.text).join("");
    });
    expect(text).toContain("娘");
  });

  it("says that threads need headers which the page does not have", async () => {
    const plain = await TestPage.serve({ isolated: false });
    const other = await open(browser, plain);
    const { refused, threads } = await other.evaluate(() => window.engine.start("auto"));
    expect([refused.at(-1)?.code, threads]).toEqual(["not-isolated", 1]);
    await other.close();
    await plain.close();
  });
});
