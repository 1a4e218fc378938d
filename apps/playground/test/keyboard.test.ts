// Without a mouse: skip link, tabs within a tab, pictures, the backend's reasons.
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { useSite } from "./site.ts";

describe.skipIf(!hasBrowser)("the keyboard", () => {
  const site = useSite();

  it("skips to the content first of all", async () => {
    const { page, context } = await site.open("tab=tokenizer");
    await page.keyboard.press("Tab");
    const skip = page.locator(".skip");
    expect(await skip.evaluate((link) => link === document.activeElement)).toBe(true);
    expect((await skip.boundingBox())!.x).toBeGreaterThanOrEqual(0);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
    await page.keyboard.press("Tab"); // the content's first control, not the header's
    expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
    await context.close();
  });

  it("opens a tab, and the focus is in it", async () => {
    const { page, context } = await site.open("tab=tokenizer");
    await page.getByTestId("tab-attention").press("Enter");
    await page.getByTestId("attention-map").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
    await page.goBack();
    await page.getByTestId("chips").waitFor();
    await context.close();
  });

  it("goes through the tabs within a tab by arrows, Home and End", async () => {
    const { page, context } = await site.open("tab=tokenizer");
    const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"]);
    await page.getByTestId("tokenizer-kind-gpt2").focus();
    for (const [key, kind] of [
      ["ArrowRight", "builtin"],
      ["ArrowRight", "trained"],
      ["ArrowRight", "gpt2"],
      ["ArrowLeft", "trained"],
      ["Home", "gpt2"],
      ["End", "trained"],
    ] as const) {
      await page.keyboard.press(key);
      expect(await focused()).toBe(`tokenizer-kind-${kind}`);
      const selected = page.getByRole("tab", { selected: true });
      expect(await selected.getAttribute("data-testid")).toBe(`tokenizer-kind-${kind}`);
    }
    await page.getByTestId("learned").waitFor();
    await context.close();
  });

  it("reads a picture cell by cell", async () => {
    const { page, context } = await site.open("tab=attention");
    const point = page.getByTestId("attention-point");
    const hint = await point.innerText();
    await page.getByTestId("attention-map").focus();
    await page.keyboard.press("ArrowRight");
    const first = await point.innerText();
    expect(first).not.toBe(hint);
    expect(first).toContain("“The” looks at “The” with 100.00 %");
    await page.keyboard.press("ArrowDown");
    expect(await point.innerText()).toContain("“␣clock” looks at “The”");
    await context.close();
  });

  it("opens the backend's reasons, closes them with Escape, and is where it was", async () => {
    const { page, context } = await site.open("tab=tokenizer");
    const badge = page.locator('[data-testid="backend"][data-phase="ready"]');
    const reasons = page.getByTestId("backend-reason");
    await badge.press("Enter");
    await reasons.waitFor();
    await page.keyboard.press("Escape");
    await reasons.waitFor({ state: "hidden" });
    expect(await badge.evaluate((summary) => summary === document.activeElement)).toBe(true);
    await badge.press("Enter");
    await reasons.waitFor();
    await page.keyboard.press("Tab"); // elsewhere
    await reasons.waitFor({ state: "hidden" });
    await context.close();
  });

  it("sends a message with Enter, but not while a word is being composed or with Shift", async () => {
    const { page, context } = await site.open("tab=generate&mode=chat&length=3");
    const message = page.getByTestId("message");
    const said = page.getByTestId("transcript").locator(".user");
    await message.fill("你好");
    await message.dispatchEvent("keydown", { key: "Enter", isComposing: true });
    await message.press("Shift+Enter");
    expect(await said.count()).toBe(0);
    expect(await message.inputValue()).toBe("你好\n");
    await message.press("Enter");
    await expect.poll(() => said.count()).toBe(1);
    await expect.poll(() => page.getByTestId("speed").getAttribute("data-reason")).toBe("length");
    await context.close();
  });
});
