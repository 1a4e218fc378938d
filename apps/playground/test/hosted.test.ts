// The built page as `scratch-llm playground` and `serve` host it: `pnpm test` builds both first.
import { fileURLToPath } from "node:url";
import { startListening } from "@test/run-trainer.ts";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch } from "../src/engine/testing/browser.ts";
import { openIn } from "./site.ts";

const BUNDLED = fileURLToPath(new URL("../src/engine/bundled", import.meta.url));

describe.skipIf(!hasBrowser)("the hosted page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch({ webgpu: false });
  });
  afterAll(() => browser?.close());

  it.each([
    ["playground", ["playground"]],
    ["serve", ["serve", "--backend", "cpu", "--model", BUNDLED]],
  ])("%s sends it with the headers that threads need, on this machine only", async (_name, args) => {
    const { child, url } = await startListening(args, { cwd: BUNDLED });
    try {
      expect(new URL(url).hostname).toBe("127.0.0.1");
      const { headers } = await fetch(`${url}/`);
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
      const context = await browser.newContext({ locale: "en-GB" });
      const { page, errors } = await openIn(context, `${url}/?tab=embeddings`);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      const worker = page.workers().find((each) => each.url().includes("worker-"))!;
      const fetched = await worker.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
      expect(fetched.join()).toContain("threaded-simd");
      expect(errors).toEqual([]);
      await context.close();
    } finally {
      child.kill("SIGTERM");
    }
  });
});
