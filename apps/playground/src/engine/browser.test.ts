// The engine in a browser's worker. Set CHROMIUM where the browser lies elsewhere than in /usr/bin/chromium.
import { readFile } from "node:fs/promises";
import { HubServer } from "@test/hub-server.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch, open, TestPage } from "./testing/browser.ts";
import { expectTraining, expectWriting } from "./testing/scenario.ts";

describe.skipIf(!hasBrowser)("the engine in Chromium on WASM", () => {
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
      const ids = await window.engine.call("encode", { model: "tiny", text: "何大娘" });
      const tokens = await window.engine.call("tokens", { model: "tiny", ids });
      return tokens.map((token) => token.text).join("");
    });
    expect(text).toContain("娘");
  });

  it("keeps a download in the browser: a killed tab goes on where it was, and without the network it loads", async () => {
    const files = new Map<string, Buffer>();
    for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) {
      files.set(name, await readFile(new URL(`bundled/${name}`, import.meta.url)));
    }
    const hub = await new HubServer(files).start();
    const model = { endpoint: hub.endpoint, repository: "owner/name" };
    hub.misbehave = ({ name, response, content, attempt }) => {
      if (name !== "model.safetensors" || attempt > 0) return false;
      const headers = { "access-control-allow-origin": "*", "content-length": content.length };
      const end = Math.floor(content.length * 0.4);
      response.writeHead(200, headers).write(content.subarray(0, end));
      // And hardly more: the page tells of what comes, ten times a second at most.
      let sent = end;
      const drip = setInterval(() => response.write(content.subarray(sent, ++sent)), 200);
      response.on("close", () => clearInterval(drip));
      return true;
    };
    const context = await browser.newContext();
    const killed = await open(context, site);
    await killed.evaluate(async (asked) => {
      await window.engine.start("wasm");
      let enough = (): void => {};
      const isEnough = new Promise<void>((resolve) => (enough = resolve));
      void (async () => {
        for await (const item of window.engine.stream("download", asked)) {
          if (item.type === "progress" && item.done > 1_500_000) enough();
        }
      })();
      await isEnough;
    }, model);
    await killed.close();
    const next = await open(context, site);
    const found = await next.evaluate(async (asked) => {
      await window.engine.start("wasm");
      const plan = await window.engine.call("describeDownload", asked);
      await window.engine.call("download", asked);
      return { plan, storage: await window.engine.call("storedModels", {}) };
    }, model);
    expect(found.plan.offers[0]?.storedBytes).toBeGreaterThan(1_400_000);
    expect(hub.contentRequests("model.safetensors").at(-1)?.headers.range).toMatch(/^bytes=1\d{6}-$/u);
    expect(found.storage).toMatchObject({ models: [{ name: "owner/name" }], unfinished: [] });
    await hub.stop();
    await context.setOffline(true);
    const text = await next.evaluate(async () => {
      await window.engine.call("loadModel", { model: "x", source: { kind: "stored", name: "owner/name" } });
      const knobs = { sampling: { temperature: 0 }, seed: 1, maxNewTokens: 8 };
      return (await window.engine.call("generate", { model: "x", prompt: "The Patience", ...knobs })).text;
    });
    expect(text).toContain("goat");
    const left = await next.evaluate(() => window.engine.call("deleteStored", { name: "owner/name" }));
    expect(left.models).toEqual([]);
    await context.close();
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
