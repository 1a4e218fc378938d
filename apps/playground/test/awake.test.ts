// A timer of the page is never late by more than 200 ms, whatever the engine does.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { useSite } from "./site.ts";

const LATEST_MS = 200;
/** A machine that is busy with something else makes any timer late now and then; a page that blocks does so each time. */
const TRIES = 8;

/** From now on, how late a timer of 50 ms is at the most. @returns what tells it */
async function watch(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const state = globalThis as unknown as { latest: number; watching?: ReturnType<typeof setInterval> };
    clearInterval(state.watching);
    state.latest = 0;
    let last = performance.now();
    state.watching = setInterval(() => {
      const now = performance.now();
      state.latest = Math.max(state.latest, now - last - 50);
      last = now;
    }, 50);
  });
  return () => page.evaluate(() => (globalThis as unknown as { latest: number }).latest);
}

/** Does it, several times if need be: at least once from its beginning to its end no timer may be late. */
async function expectAwake(page: Page, work: () => Promise<unknown>): Promise<void> {
  const latest: number[] = [];
  while (latest.length < TRIES && !latest.some((ms) => ms < LATEST_MS)) {
    const late = await watch(page);
    await work();
    latest.push(await late());
  }
  expect(Math.min(...latest), `milliseconds: ${latest.join()}`).toBeLessThan(LATEST_MS);
}

describe.skipIf(!hasBrowser)("the page stays awake", () => {
  const site = useSite();

  it("would notice that it does not", async () => {
    const { page, context } = await site.open("tab=chapters");
    const late = await watch(page);
    await page.evaluate(() => {
      const end = performance.now() + 2 * 200;
      while (performance.now() < end);
    });
    await expect.poll(late).toBeGreaterThan(LATEST_MS);
    await context.close();
  });

  it("while it writes", async () => {
    const { page, context } = await site.open("tab=generate&length=100");
    await expectAwake(page, async () => {
      await page.getByTestId("write").click();
      await page.locator('[data-testid="speed"][data-reason]').waitFor();
    });
    await context.close();
  });

  it("while it prepares and trains, with curves that grow", async () => {
    const { page, context } = await site.open("tab=train&steps=60&width=48&heads=2&layers=1&context=32");
    await expectAwake(page, async () => {
      await page.getByTestId("train-start").click();
      await page.locator('[data-testid="train-numbers"][data-step="60"]').waitFor({ timeout: 120_000 });
      await page.getByTestId("loss-chart").waitFor();
      await page.getByTestId("train-reset").click();
      await page.locator('[data-testid="train-start"]:enabled').waitFor();
    });
    await context.close();
  });

  it("while it cuts ten thousand characters into tokens", async () => {
    const { page, context } = await site.open("tab=tokenizer&kind=builtin");
    const text = "The bell of the harbour rings. ".repeat(330);
    let tries = 0;
    await expectAwake(page, async () => {
      await page.getByTestId("tokenizer-text").fill(`${tries++} ${text}`);
      await expect
        .poll(async () => Number(await page.getByTestId("token-count").getAttribute("data-count")))
        .toBeGreaterThan(2000);
      await page.getByTestId("tokenizer-text").fill("a");
      await expect.poll(() => page.getByTestId("token-count").getAttribute("data-count")).toBe("1");
    });
    await context.close();
  });
});
