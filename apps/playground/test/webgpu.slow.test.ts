// The page on software WebGPU, in which every operation takes milliseconds.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { expectChinese, useSite } from "./site.ts";
import { TABS } from "./tabs.ts";

const badge = (page: Page) => page.getByTestId("backend");

/** Lets the device refuse an operation: no exception tells of it. */
async function refuse(page: Page): Promise<void> {
  const worker = page.workers().find((each) => each.url().includes("worker-"))!;
  const gone = worker.waitForEvent("close");
  await worker.evaluate(() => {
    const { createCommandEncoder } = GPUDevice.prototype;
    GPUDevice.prototype.createCommandEncoder = function (...settings) {
      GPUDevice.prototype.createCommandEncoder = createCommandEncoder;
      this.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE }).destroy();
      return createCommandEncoder.apply(this, settings);
    };
  });
  await page.evaluate(() => void __pg.engine.call("nextToken", { model: "shown", ids: Int32Array.of(1) }));
  await gone;
}

describe.skipIf(!hasBrowser)("the page on software WebGPU", { timeout: 600_000 }, () => {
  const site = useSite({ webgpu: true });

  it.each(TABS)("shows %s, and the device refuses nothing", async (tab) => {
    const { page, context, errors } = await site.open(`tab=${tab}`);
    await page.getByTestId("model").filter({ hasText: "1.9 M" }).waitFor({ timeout: 120_000 });
    expect(await badge(page).innerText()).toContain("WebGPU (software)");
    await badge(page).click();
    await page.getByTestId("backend-reason").waitFor();
    expect(await page.getByTestId("restarted").count()).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("begins anew when the device refuses an operation, says why, and the second time takes WASM", async () => {
    const { page, context } = await site.open("tab=next-token", { locale: "zh-CN" });
    const ready = page.locator('[data-testid="backend"][data-phase="ready"]');
    for (const name of ["WebGPU", "WASM"]) {
      await refuse(page);
      await ready.filter({ hasText: name }).waitFor({ timeout: 120_000 });
    }
    await badge(page).click();
    expect(await page.getByTestId("restarted").innerText()).toMatch(/buffer/iu);
    await expectChinese(page, "the reason");
    await page.getByTestId("next-token-text").fill("He said");
    await expect.poll(() => page.getByTestId("next-token-tokens").locator("button").count()).toBe(2);
    await context.close();
  });
});
