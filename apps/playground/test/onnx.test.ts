// A model that the trainer exported as ONNX, on the page and in its engine, with threads and without.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { HubServer } from "@test/hub-server.ts";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch, open, TestPage } from "../src/engine/testing/browser.ts";
import { exportBundled, type Exported } from "../src/engine/testing/export-bundled.ts";
import { dropped } from "../src/engine/testing/folder.ts";

/** Greedy, so that two ways to compute give one text. */
const WRITING = "tab=generate&temperature=0&length=30";

describe.skipIf(!hasBrowser)("a model of ONNX Runtime in Chromium", { timeout: 90_000 }, () => {
  let exported: Exported;
  let browser: Browser;
  beforeAll(async () => {
    exported = await exportBundled(["none", "dynamic"]);
    browser = await launch({ webgpu: false });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await exported?.remove();
  });

  describe("on the page", () => {
    let site: TestPage;
    let context: BrowserContext;
    let page: Page;
    const faults: string[] = [];
    const asked: string[] = [];
    beforeAll(async () => {
      site = await TestPage.serve({ isolated: true, page: "index.html" });
      context = await browser.newContext({ locale: "en-GB" });
      page = await context.newPage();
      page.on("request", (request) => asked.push(request.url()));
      page.on("pageerror", ({ message }) => faults.push(message));
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    }, 120_000);
    afterAll(async () => {
      await context?.close();
      await site?.close();
    });

    const go = (tab: string) => page.getByTestId(`tab-${tab}`).click();
    const write = async (): Promise<string> => {
      await page.getByTestId("write").click();
      await expect
        .poll(() => page.getByTestId("speed").getAttribute("data-reason"), { timeout: 60_000 })
        .toBe("length");
      return page.getByTestId("written").innerText();
    };
    const expectAccessible = async (): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(grave.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    };

    it("writes what the model that it was exported from writes", async () => {
      await page.goto(`${site.address}?${WRITING}`);
      const expected = await write();
      expect(asked.filter((url) => /ort[.-]/u.test(url))).toEqual([]); // nothing of it before it is needed
      await go("models");
      const floats = (await dropped(exported.path)).filter(({ path }) => !path.includes("quantized"));
      await page.getByTestId("model-files-files-input").setInputFiles(
        await Promise.all(
          floats.map(async ({ path, content }) => ({
            name: path.split("/").at(-1)!,
            mimeType: "application/octet-stream",
            buffer: Buffer.from(await content.arrayBuffer()),
          })),
        ),
      );
      await page.getByTestId("onnx").waitFor({ timeout: 60_000 });
      const threads = await page.evaluate(() => Math.min(4, navigator.hardwareConcurrency));
      expect(await page.getByTestId("onnx").innerText()).toContain(`32-bit floats, ${threads} thread`);
      await expectAccessible();
      await go("generate");
      expect(await write()).toBe(expected);
      expect(faults).toEqual([]);
    });

    it("shows the next token, and what it cannot show it says", async () => {
      await go("next-token");
      await page.getByTestId("next-token-bars").locator("button").first().waitFor();
      for (const tab of ["embeddings", "attention", "block", "finetune"]) {
        await go(tab);
        expect(await page.getByTestId("answers-only").innerText()).toContain("nothing of its inside");
      }
      await expectAccessible();
      await page.getByTestId("language").click();
      expect(await page.locator("main").innerText()).not.toMatch(/[a-z]{2,}\s+[a-z]{2,}\s+[a-z]{2,}/u);
      await go("attention");
      await page.getByTestId("show-bundled").click();
      await page.getByTestId("attention-map").waitFor();
      expect(faults).toEqual([]);
    });

    it("takes a folder, and the form in it that is fastest here", async () => {
      await go("models");
      await page.getByTestId("model-files-input").setInputFiles(exported.path);
      await expect.poll(() => page.getByTestId("onnx").innerText(), { timeout: 60_000 }).toContain("动态");
      expect(await page.locator("main").innerText()).not.toMatch(/[a-z]{2,}\s+[a-z]{2,}\s+[a-z]{2,}/u);
      await page.getByTestId("show-bundled").click();
      await expect.poll(() => page.getByTestId("onnx").count()).toBe(0);
      expect(faults).toEqual([]);
    });
  });

  it("is downloaded, runs without threads and without the network, and comes back when its worker is killed", async () => {
    const files = new Map<string, Buffer>();
    for (const { path } of await dropped(exported.path)) {
      const name = path.slice(path.indexOf("/") + 1);
      files.set(name, await readFile(join(exported.path, name)));
    }
    const hub = await new HubServer(files).start();
    const site = await TestPage.serve({ isolated: false });
    const context = await browser.newContext();
    const page = await open(context, site);
    const found = await page.evaluate(async (endpoint) => {
      const { engine } = window;
      const repository = { endpoint, repository: "owner/name" };
      await engine.start("wasm");
      const { offers } = await engine.call("describeDownload", repository);
      const { name } = await engine.call("download", { ...repository, form: "none" });
      const { onnx } = await engine.call("loadModel", { model: "onnx", source: { kind: "stored", name } });
      await engine.call("loadModel", { model: "tiny", source: { kind: "bundled" } });
      return { forms: offers.map(({ form }) => form), onnx };
    }, hub.endpoint);
    expect(found).toEqual({ forms: ["dynamic", "none"], onnx: { quantization: "none", threads: 1 } });
    await hub.stop();
    const write = (model: string): Promise<number[]> =>
      page.evaluate(async (asked) => {
        const knobs = { sampling: { temperature: 0 }, seed: 1, maxNewTokens: 40, prompt: "The Patience" };
        return Array.from((await window.engine.call("generate", { ...knobs, model: asked })).ids);
      }, model);
    const expected = await write("tiny");
    expect(await write("onnx")).toEqual(expected);
    await page.evaluate(() => {
      window.workers.at(-1)?.terminate();
      window.workers.at(-1)?.dispatchEvent(new ErrorEvent("error", { message: "terminated" }));
    });
    expect(await write("onnx")).toEqual(expected);
    await context.close();
    await site.close();
  });
});
