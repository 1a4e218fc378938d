// The built page in Chromium. Set CHROMIUM where the browser lies elsewhere than in /usr/bin/chromium.
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { launch, TestPage } from "../src/engine/testing/browser.ts";
import { CONTENT, type TABS } from "./tabs.ts";

export const PHONE = { width: 360, height: 740 };

/** A page in a fresh profile. */
export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors on the page and its console, and requests to other servers, which are refused. */
  readonly errors: readonly string[];
}

/** The page and a browser for the tests of a `describe`. */
export interface Site {
  /** Opens a state of the page, such as `tab=train&seed=7`, and waits until its tab shows what it is for. */
  open(query: string, options?: BrowserContextOptions): Promise<Opened>;
  /** A file of the built page. */
  file(path: string): Promise<Buffer>;
}

export function useSite({ webgpu = false } = {}): Site {
  let site: TestPage;
  let browser: Browser;
  beforeAll(async () => {
    site = await TestPage.serve({ isolated: true, page: "index.html" });
    browser = await launch({ webgpu });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  return {
    file: (path) => site.file(path),
    async open(query, options) {
      const context = await browser.newContext({
        locale: "en-GB",
        viewport: { width: 1280, height: 740 },
        ...options,
      });
      return openIn(context, `${site.address}?${query}`);
    },
  };
}

/** Opens an address in a profile that reaches this address's server only. */
export async function openIn(context: BrowserContext, address: string): Promise<Opened> {
  const { origin, searchParams } = new URL(address);
  const errors: string[] = [];
  await context.route(
    ({ protocol, origin: asked }) => protocol.startsWith("http") && asked !== origin,
    (route) => {
      errors.push(`asked ${route.request().url()}`);
      return route.abort();
    },
  );
  const tab = (searchParams.get("tab") ?? "tokenizer") as (typeof TABS)[number];
  await context.addInitScript((content) => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector(content)) return;
      performance.mark("content");
      observer.disconnect();
    });
    observer.observe(document, { childList: true, subtree: true, attributes: true });
  }, CONTENT[tab]);
  context.setDefaultTimeout(60_000); // a busy machine takes its time
  const page = await context.newPage();
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(address);
  await contentTime(page);
  return { page, context, errors };
}

/** Milliseconds from the start of the navigation until the tab showed what it is for, by the page's own clock. */
export async function contentTime(page: Page): Promise<number> {
  await page.waitForFunction(() => performance.getEntriesByName("content").length > 0);
  return page.evaluate(() => performance.getEntriesByName("content")[0]!.startTime);
}

/**
 * Clicks one thing after the other, each at once when the page shows it: a click from outside may come when what it is to stop
 * is over. What is no button is only waited for.
 */
export function clickAtOnce(page: Page, ...testIds: readonly string[]): Promise<void> {
  return page.evaluate(async (ids) => {
    for (const id of ids) {
      const find = () => document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
      while (!find()) {
        await new Promise<void>((resolve) => {
          const observer = new MutationObserver(() => {
            observer.disconnect();
            resolve();
          });
          observer.observe(document, { childList: true, subtree: true, attributes: true });
        });
      }
      find()!.click();
    }
  }, testIds);
}

/** Nothing that axe calls serious or critical. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`),
    what,
  ).toEqual([]);
}

/** Texts of the user's or the model's, code, and what names its language: they stay as they are. */
const OWN_TEXT =
  "style, script, .token-text, .written, .transcript p, .samples p, .plane, td, textarea, code, body [lang]";
/** Names that Chinese texts write in Latin letters too. */
const NAMES =
  /\b(?:scratch-llm|Hugging Face|ONNX Runtime|[A-Z][\w-]*[A-Z]\w*|GPT-2|Phi-3|Transformer|Alpaca|Enter|Shift|c_proj|txt|zip)\b/gu;

/** No words of another language: neither on the page nor in what it tells assistive technology. */
export async function expectChinese(page: Page, what: string): Promise<void> {
  expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
  const texts = await page.evaluate((ownText) => {
    const found = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.parentElement?.closest(ownText)) found.push(node.textContent ?? "");
    }
    for (const name of ["aria-label", "aria-valuetext", "alt", "placeholder", "title"]) {
      for (const element of document.querySelectorAll(`[${name}]`)) {
        if (!element.closest("[lang]:not(html)")) found.push(element.getAttribute(name) ?? "");
      }
    }
    return found;
  }, OWN_TEXT);
  expect(texts.length).toBeGreaterThan(20);
  const foreign = texts.filter((text) => /[a-z]{3,}/iu.test(text.replaceAll(/“[^”]*”/gu, "").replaceAll(NAMES, "")));
  expect(foreign, what).toEqual([]);
}
