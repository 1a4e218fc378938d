// A model that the trainer exported as ONNX, on the page and in its engine, with threads and without.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HubServer } from "@test/hub-server.ts";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch, open, TestPage } from "../src/engine/testing/browser.ts";
import { exportBundled, type Exported } from "../src/engine/testing/export-bundled.ts";
import { dropped } from "../src/engine/testing/folder.ts";
import { expectAccessible, type Opened, useSite } from "./site.ts";

describe.skipIf(!hasBrowser)("a model of ONNX Runtime in Chromium", () => {
  const site = useSite();
  let exported: Exported;
  beforeAll(async () => {
    exported = await exportBundled(["none", "dynamic"]);
  });
  afterAll(() => exported?.remove());

  describe("on the page", () => {
    let opened: Opened;
    let page: Page;
    const asked: string[] = [];
    beforeAll(async () => {
      opened = await site.open("tab=generate&temperature=0&length=30"); // greedy: two ways to compute give one text
      ({ page } = opened);
      opened.context.on("request", (request) => asked.push(request.url()));
      await page.reload();
    });
    afterAll(() => opened?.context.close());

    const go = (tab: string) => page.getByTestId(`tab-${tab}`).click();
    const write = async (): Promise<string> => {
      await page.getByTestId("write").click();
      await page.locator('[data-testid="speed"][data-reason="length"]').waitFor({ timeout: 60_000 });
      return page.getByTestId("written").innerText();
    };

    /** In the tab itself: the status line and the folder's name stay what they were. */
    const expectNoEnglish = async (): Promise<void> =>
      expect(await page.locator("main").innerText()).not.toMatch(/[a-z]{2,}\s+[a-z]{2,}\s+[a-z]{2,}/u);

    it("writes what the model that it was exported from writes", async () => {
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
      await expectAccessible(page, "models");
      await go("generate");
      expect(await write()).toBe(expected);
      expect(opened.errors).toEqual([]);
    });

    it("shows the next token, and what it cannot show it says", async () => {
      await go("next-token");
      await page.getByTestId("next-token-bars").locator("button").first().waitFor();
      for (const tab of ["embeddings", "attention", "block", "finetune"]) {
        await go(tab);
        expect(await page.getByTestId("answers-only").innerText()).toContain("nothing of its inside");
      }
      await expectAccessible(page, "answers only");
      await page.getByTestId("language").click();
      await expectNoEnglish();
      await go("attention");
      await page.getByTestId("show-bundled").click();
      await page.getByTestId("attention-map").waitFor();
      expect(opened.errors).toEqual([]);
    });

    it("takes a folder, and the form in it that is fastest here", async () => {
      await go("models");
      await page.getByTestId("model-files-input").setInputFiles(exported.path);
      await expect.poll(() => page.getByTestId("onnx").innerText(), { timeout: 60_000 }).toContain("动态");
      await expectNoEnglish();
      await page.getByTestId("show-bundled").click();
      await expect.poll(() => page.getByTestId("onnx").count()).toBe(0);
      expect(opened.errors).toEqual([]);
    });
  });

  it("is downloaded, runs without threads and without the network, and comes back when its worker is killed", async () => {
    const files = new Map<string, Buffer>();
    for (const { path } of await dropped(exported.path)) {
      const name = path.slice(path.indexOf("/") + 1);
      files.set(name, await readFile(join(exported.path, name)));
    }
    const hub = await new HubServer(files).start();
    const plain = await TestPage.serve({ isolated: false });
    const browser = await launch({ webgpu: false });
    const context = await browser.newContext();
    const page = await open(context, plain);
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
    await plain.close();
    await browser.close();
  });
});
