// The whole page in Chromium. Set CHROMIUM where the browser lies elsewhere than in /usr/bin/chromium.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch, TestPage } from "../src/engine/testing/browser.ts";
import { CONTENT, TABS } from "./tabs.ts";

/** Texts of the user's or the model's, which stay in their own language. */
const OWN_TEXT = ".token-text, .token-picker, .written, .transcript, .samples, canvas, textarea, code, body [lang]";

let site: TestPage;
let browser: Browser;

interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly errors: readonly string[];
}

/** Opens a tab in a fresh profile that reaches this page's own server only. */
async function open(query: string, options: { locale?: string; width?: number } = {}): Promise<Opened> {
  const { locale = "en-GB", width = 1280 } = options;
  const context = await browser.newContext({ locale, viewport: { width, height: 740 } });
  const { origin } = new URL(site.address);
  const errors: string[] = [];
  const page = await context.newPage();
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol.startsWith("http") && asked !== origin) errors.push(`asked ${request.url()}`);
  });
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(`${site.address}?${query}`);
  return { page, context, errors };
}

const shown = (page: Page, tab: keyof typeof CONTENT, timeout: number) =>
  page.getByTestId(CONTENT[tab]).first().waitFor({ timeout });

describe.skipIf(!hasBrowser)("the page", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    site = await TestPage.serve({ isolated: true, page: "index.html" });
    browser = await launch({ webgpu: false });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  describe.each(TABS)("%s", (tab) => {
    it("shows its content within three seconds, in English and for assistive technology", { retry: 2 }, async () => {
      const { page, context, errors } = await open(`tab=${tab}`);
      await shown(page, tab, 3000);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(grave.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect(errors).toEqual([]);
      await context.close();
    });

    it("is Chinese where the browser is, and fits a phone", async () => {
      const { page, context, errors } = await open(`tab=${tab}`, { locale: "zh-CN", width: 360 });
      await shown(page, tab, 15_000);
      expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
      const english = await page.evaluate((ownText) => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found: string[] = [];
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const isOwn = node.parentElement?.closest(`${ownText}, style, script, option`);
          if (!isOwn && /[a-z]{2,}\s+[a-z]{2,}\s+[a-z]{2,}/iu.test(node.textContent ?? ""))
            found.push(node.textContent!);
        }
        return found;
      }, OWN_TEXT);
      expect(english).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      expect(errors).toEqual([]);
      await context.close();
    });
  });

  it("loads little at first", async () => {
    const entry = (await site.file("index.html")).toString();
    const names = [...entry.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/gu)].map((match) => match[1]!);
    expect(names.length).toBeGreaterThan(1);
    const sizes = await Promise.all(names.map(async (name) => gzipSync(await site.file(name)).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000);
  });

  it("filters probabilities without another pass, and branches", async () => {
    const { page, context } = await open("tab=next-token");
    await shown(page, "next-token", 15_000);
    const sum = () => page.getByTestId("kept").evaluate((element) => Number(element.dataset["sum"]));
    const kept = () => page.getByTestId("kept").evaluate((element) => Number(element.dataset["count"]));
    await page.evaluate(() => {
      const post = Worker.prototype.postMessage;
      const asked: unknown[] = [];
      Object.assign(globalThis, { asked });
      Worker.prototype.postMessage = function (this: Worker, message: unknown) {
        asked.push(message);
        post.call(this, message);
      };
    });
    const all = await kept();
    for (const [slider, value] of Object.entries({
      temperature: "0.7",
      "top-k": "9",
      "top-p": "0.8",
      "min-p": "0.02",
    })) {
      await page.getByTestId(slider).fill(value);
      expect(Math.abs((await sum()) - 1)).toBeLessThan(1e-6);
    }
    expect(await kept()).toBeLessThan(all);
    expect(await page.evaluate(() => (globalThis as unknown as { asked: unknown[] }).asked)).toEqual([]);
    await expect.poll(() => page.url()).toContain("topK=9");
    const tokens = page.getByTestId("next-token-tokens").locator("button");
    const before = await tokens.count();
    await page.getByTestId("next-token-bars").locator("button").nth(1).click();
    await expect.poll(() => tokens.count()).toBe(before + 1);
    await page.getByTestId("next-token-back").click();
    await expect.poll(() => tokens.count()).toBe(before);
    await context.close();
  });

  it("shows attention that sums to 1 and sees no future", async () => {
    const { page, context } = await open("tab=attention");
    await shown(page, "attention", 15_000);
    await page.getByTestId("attention-tokens-0").click();
    const sum = await page.getByTestId("row-sum").evaluate((element) => Number(element.dataset["sum"]));
    expect(Math.abs(sum - 1)).toBeLessThan(1e-5);
    await page.getByTestId("attention-table").click();
    const shares = await page.getByRole("cell").filter({ hasText: "%" }).allTextContents();
    expect(shares[0]).toBe("100.000 %");
    expect(new Set(shares.slice(1))).toEqual(new Set(["0.000 %"]));
    await context.close();
  });

  it("writes, stops, and writes again, while the page stays awake", async () => {
    const { page, context } = await open("tab=generate&length=400");
    await page.evaluate(() => {
      let last = performance.now();
      Object.assign(globalThis, { latest: 0 });
      setInterval(() => {
        const now = performance.now();
        const state = globalThis as unknown as { latest: number };
        state.latest = Math.max(state.latest, now - last - 50);
        last = now;
      }, 50);
    });
    await page.getByTestId("write").click();
    await page.getByTestId("speed").waitFor();
    await page.getByTestId("stop").click();
    await expect.poll(() => page.getByTestId("speed").getAttribute("data-reason")).toBe("aborted");
    await page.getByTestId("length").fill("5");
    await page.getByTestId("length").blur();
    await page.getByTestId("again").click();
    await expect.poll(() => page.getByTestId("speed").getAttribute("data-reason")).toBe("length");
    expect(await page.getByTestId("written").innerText()).toContain("The Patience");
    expect(await page.evaluate(() => (globalThis as unknown as { latest: number }).latest)).toBeLessThan(200);
    await context.close();
  });

  it("trains step by step, saves the run, and goes on from it", async () => {
    const { page, context } = await open("tab=train&steps=4&width=32&heads=2&layers=1&vocabulary=400&context=32");
    const numbers = page.getByTestId("train-numbers");
    await page.getByTestId("train-step").click();
    await expect.poll(() => numbers.getAttribute("data-step"), { timeout: 60_000 }).toBe("1");
    await page.getByTestId("train-start").click();
    await expect.poll(() => numbers.getAttribute("data-step"), { timeout: 60_000 }).toBe("4");
    const loss = await numbers.getAttribute("data-loss");
    expect(Number(loss)).toBeGreaterThan(0);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("train-save").click()]);
    const path = await download.path();
    await page.getByTestId("train-reset").click();
    await expect.poll(() => numbers.count()).toBe(0);
    await page.getByTestId("train-open-input").evaluate((input) => input.removeAttribute("webkitdirectory"));
    await page.getByTestId("train-open-input").setInputFiles({
      name: "run.zip",
      mimeType: "application/zip",
      buffer: await readFile(path),
    });
    await expect.poll(() => numbers.getAttribute("data-step"), { timeout: 60_000 }).toBe("4");
    expect(Number(await numbers.getAttribute("data-loss"))).toBeCloseTo(Number(loss), 4);
    await context.close();
  });

  it("has each tab's state in the address", async () => {
    const { page, context } = await open("tab=tokenizer");
    await shown(page, "tokenizer", 15_000);
    await page.getByTestId("tokenizer-text").fill("我说你好");
    await expect.poll(() => page.getByTestId("chip").count()).toBe(8);
    const ids = await page
      .getByTestId("chip")
      .evaluateAll((chips) => chips.map((chip) => (chip as HTMLElement).dataset["id"]));
    expect(ids.join()).toBe("22755,239,46237,112,19526,254,25001,121");
    await expect.poll(() => new URL(page.url()).searchParams.get("text")).toBe("我说你好");
    await page.reload();
    await expect.poll(() => page.getByTestId("chip").count()).toBe(8);
    await context.close();
  });
});
