// The worker dies: the page brings up another one, once with the same backend, once with WASM, and then says so.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { expectChinese, useSite } from "./site.ts";

/** An error in the worker that nobody catches. */
async function kill(page: Page): Promise<void> {
  const worker = page.workers().find((each) => each.url().includes("worker-"))!;
  const gone = worker.waitForEvent("close");
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error("killed by the test");
    });
  });
  await gone;
}

const phase = (page: Page) => page.getByTestId("backend").getAttribute("data-phase");

describe.skipIf(!hasBrowser)("a model that does not come", () => {
  const site = useSite();

  it("is not waited for in silence: each tab says why there is none", async () => {
    const { page, context } = await site.open("tab=chapters", { locale: "zh-CN" });
    await context.route("**/*.safetensors*", (route) => route.abort());
    await page.reload();
    for (const tab of ["embeddings", "attention", "block", "next-token", "generate", "finetune"]) {
      await page.getByTestId(`tab-${tab}`).click();
      expect(await page.getByTestId("no-model").innerText()).toContain("Failed to fetch");
    }
    await context.close();
  });
});

describe.skipIf(!hasBrowser)("a worker that dies", () => {
  const site = useSite();

  it("is replaced, and what was being written goes on with the same words", async () => {
    const { page, context } = await site.open("tab=generate&length=110&seed=5");
    const write = async (disturb: () => Promise<void>): Promise<string> => {
      await page.getByTestId("write").click();
      await page.getByTestId("speed").waitFor();
      await disturb();
      await page.locator('[data-testid="speed"][data-reason="length"]').waitFor({ timeout: 60_000 });
      return page.getByTestId("written").innerText();
    };
    const undisturbed = await write(async () => {});
    const disturbed = await write(() => kill(page));
    expect(disturbed).toBe(undisturbed);
    await expect.poll(() => phase(page)).toBe("ready");
    await expect.poll(() => page.getByTestId("status-line").innerText()).not.toBe("");
    expect(await page.getByTestId("model").innerText()).toContain("1.9 M");
    await context.close();
  });

  it("leaves a conversation as it was", async () => {
    const { page, context } = await site.open("tab=generate&mode=chat&length=3");
    const messages = page.getByTestId("transcript").locator("li");
    await page.getByTestId("message").fill("The Patience");
    await page.getByTestId("send").click();
    await page.locator('[data-testid="speed"][data-reason="length"]').waitFor();
    const before = await messages.allInnerTexts();
    await kill(page);
    await expect.poll(() => phase(page)).toBe("ready");
    expect(await messages.allInnerTexts()).toEqual(before);
    await page.getByTestId("message").fill("He said");
    await page.getByTestId("send").click();
    await expect.poll(() => messages.count()).toBe(4);
    await context.close();
  });

  it("takes a training with it: the page says so in its language, and can begin again", async () => {
    const query = "tab=train&steps=20000&width=32&heads=2&layers=1&vocabulary=300&context=16";
    const { page, context } = await site.open(query, { locale: "zh-CN" });
    await page.getByTestId("train-start").click();
    const step = async () => Number(await page.getByTestId("train-numbers").getAttribute("data-step"));
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(3);
    await kill(page);
    await page.getByTestId("train-error").waitFor();
    await expectChinese(page, "an error");
    await page.getByTestId("train-reset").click();
    await page.getByTestId("train-step").click();
    await expect.poll(step, { timeout: 60_000 }).toBe(1);
    expect(await page.getByTestId("train-error").count()).toBe(0);
    await context.close();
  });

  it("for the third time, the page gives up and says so, until it is asked to begin again", async () => {
    const { page, context } = await site.open("tab=chapters");
    for (const _ of [1, 2]) {
      await expect.poll(() => phase(page)).toBe("ready");
      await kill(page);
      await expect.poll(() => page.workers().some((worker) => worker.url().includes("worker-"))).toBe(true);
    }
    await expect.poll(() => phase(page)).toBe("ready");
    await kill(page);
    await expect.poll(() => phase(page)).toBe("failed");
    await page.getByTestId("backend").click();
    expect(await page.getByRole("alert").innerText()).toContain("killed by the test");
    await page.getByTestId("start-again").click();
    await expect.poll(() => phase(page)).toBe("ready");
    await expect.poll(() => page.getByTestId("model").innerText()).toContain("1.9 M");
    await context.close();
  });
});
