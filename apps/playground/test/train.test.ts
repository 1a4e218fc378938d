// Training on a text of one's own, and going on from a saved run on a page that knows nothing of it.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { useSite } from "./site.ts";

const SETTINGS = "seed=7&steps=4&width=32&heads=2&layers=1&vocabulary=300&context=16&batch=2&every=2";
const TEXT = "我说你好，你说再见。".repeat(2000);

const textOf = (buffer: Buffer) => ({ name: "mine.txt", mimeType: "text/plain", buffer });
const reach = (page: Page, step: number) =>
  page.locator(`[data-testid="train-numbers"][data-step="${step}"]`).waitFor({ timeout: 90_000 });

describe.skipIf(!hasBrowser)("training on the page", { timeout: 180_000 }, () => {
  const site = useSite();

  it("takes a text in UTF-8 only, writes samples as often as asked for, and shows what a saved run was begun with", async () => {
    const { page, context } = await site.open(`tab=train&text=own&begin=${encodeURIComponent("我说")}&${SETTINGS}`);
    const input = page.getByTestId("train-own-text-input");
    await input.setInputFiles(textOf(Buffer.from([0xce, 0xd2, 0xcb, 0xb5]))); // 我说 in GB 18030
    const problem = page.getByTestId("train-text-error");
    await problem.waitFor();
    expect(await problem.innerText()).toContain("mine.txt is no text in UTF-8");
    expect(await page.getByTestId("train-start").isDisabled()).toBe(true);
    await input.setInputFiles(textOf(Buffer.from(TEXT)));
    await problem.waitFor({ state: "detached" });
    await page.getByTestId("train-start").click();
    await reach(page, 4);
    const samples = page.getByTestId("train-samples").locator("p");
    await expect.poll(() => samples.count()).toBe(2);
    for (const sample of await samples.allInnerTexts()) expect(sample).toMatch(/^我说/u);

    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("train-save").click()]);
    const buffer = await readFile(await download.path());
    await context.close();
    const other = await site.open("tab=train");
    const open = other.page.getByTestId("train-open-input");
    await open.evaluate((element) => element.removeAttribute("webkitdirectory"));
    await open.setInputFiles({ name: "run.zip", mimeType: "application/zip", buffer });
    await reach(other.page, 4);
    const fields = { seed: "7", width: "32", heads: "2", layers: "1", vocabulary: "300", context: "16", every: "2" };
    for (const [name, value] of Object.entries({ ...fields, begin: "我说" })) {
      expect(await other.page.getByTestId(`train-${name}`).inputValue(), name).toBe(value);
    }
    await expect.poll(() => other.page.url()).toContain("seed=7");
    await other.context.close();
  });
});
