// From an empty cache and with nothing but the page's own server: a tab is of use within three seconds.
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { contentTime, useSite } from "./site.ts";
import { TABS } from "./tabs.ts";

const LIMIT_MS = 3000;
/** A machine that is busy with something else makes any page slow once; a slow page is slow each time. */
const LOADS = 6;
const LARGEST_FIRST_LOAD = 400_000;
/** The worker is TensorFlow.js with its backends. */
const OF_THE_PAGE = /^(?:index\.html|assets\/(?!worker-).*\.(?:js|css))$/u;

/** The pictures of a tab and how many colours they have, so that an empty one is found out. */
const coloursOf = (page: Page) =>
  page.locator("canvas[data-testid]").evaluateAll((canvases) =>
    (canvases as HTMLCanvasElement[]).map((canvas) => {
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }),
  );

describe.skipIf(!hasBrowser)("a cold load", () => {
  const site = useSite();

  it.each(TABS)("shows %s within three seconds, and asks no other server", async (tab) => {
    const times: number[] = [];
    while (times.length < LOADS && !times.some((time) => time < LIMIT_MS)) {
      const { page, context, errors } = await site.open(`tab=${tab}`);
      times.push(await contentTime(page));
      await expect.poll(async () => (await coloursOf(page)).every((count) => count > 5)).toBe(true);
      expect(errors).toEqual([]);
      await context.close();
    }
    expect(Math.min(...times), `milliseconds: ${times.join()}`).toBeLessThan(LIMIT_MS);
  });

  it("would notice another server", async () => {
    const { page, context, errors } = await site.open("tab=chapters");
    await page.evaluate(() => fetch("https://example.com/x").catch(() => {}));
    expect(errors.join()).toContain("asked https://example.com/x");
    await context.close();
  });

  it.each(TABS)("of %s is small: pages, scripts and styles, without backends and model", async (tab) => {
    const { page, context } = await site.open(`tab=${tab}`);
    const names = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname.slice(1)),
    );
    const own = ["index.html", ...names].filter((name) => OF_THE_PAGE.test(name));
    expect(own.length).toBeGreaterThan(5);
    const sizes = await Promise.all(own.map(async (name) => gzipSync(await site.file(name)).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LARGEST_FIRST_LOAD);
    await context.close();
  });
});
