// Looking closely: merges one by one, the token that is pointed at, long texts, what is saved and copied.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { useSite } from "./site.ts";

describe.skipIf(!hasBrowser)("looking closely", { timeout: 120_000 }, () => {
  const site = useSite();

  it("shows at first what a tokenizer has learned in the text below", async () => {
    const { page, context } = await site.open("tab=tokenizer&kind=trained");
    const count = async () => Number(await page.getByTestId("token-count").getAttribute("data-count"));
    const learned = await count();
    await page.getByTestId("merges").fill("0");
    await expect.poll(count).toBeGreaterThan(learned);
    await context.close();
  });

  it("tells of the chosen token of the text as it is", async () => {
    const { page, context } = await site.open("tab=tokenizer&text=One+bell");
    const detail = page.getByTestId("token-detail");
    await page.getByTestId("chip").nth(1).click();
    expect(await detail.innerText()).toContain("Token “␣bell”");
    await page.getByTestId("tokenizer-text").fill("One clock");
    await expect.poll(() => detail.innerText()).toContain("Token “␣clock”");
    await page.getByTestId("tokenizer-text").fill("One");
    await expect.poll(() => detail.innerText()).toContain("Choose a token");
    await context.close();
  });

  it("replays merges one by one, there and back, until no pair is left", async () => {
    const { page, context } = await site.open("tab=tokenizer&kind=trained&merges=0&corpus=aaab+aaab&text=aaab");
    const last = page.getByTestId("last-merge");
    const count = page.getByTestId("token-count");
    expect(await page.getByTestId("merge-back").isDisabled()).toBe(true);
    const seen: string[] = [];
    for (const left of ["3", "2", "1"]) {
      await page.getByTestId("merge-next").click();
      await expect.poll(() => count.getAttribute("data-count")).toBe(left);
      seen.push(await last.innerText());
    }
    expect(seen).toEqual(["Merge 1: “a” + “a” → “aa”", "Merge 2: “a” + “b” → “ab”", "Merge 3: “aa” + “ab” → “aaab”"]);
    await page.getByTestId("merge-next").click(); // ␣aaab
    await page.getByTestId("merge-next").click();
    await expect.poll(() => last.innerText()).toContain("no pair is left");
    expect(await page.getByTestId("merge-next").isDisabled()).toBe(true);
    await page.getByTestId("merge-back").click();
    await expect.poll(() => page.getByTestId("learned").locator("li").count()).toBe(3);
    await context.close();
  });

  it("links the map of attention with its tokens: who is pointed at in one is shown in the other", async () => {
    const { page, context } = await site.open("tab=attention&text=The+bell,+the+bell.");
    const point = page.getByTestId("attention-point");
    const pressed = page.getByTestId("attention-tokens").locator('[aria-pressed="true"]');
    const hint = await point.innerText();
    await page.getByTestId("attention-tokens-1").hover();
    await expect.poll(() => point.innerText()).toMatch(/^“␣bell” looks at “.*” with [\d.]+ %$/u);
    await page.locator("h1").hover();
    await expect.poll(() => point.innerText()).toBe(hint);
    await page.getByTestId("attention-map").focus();
    await page.keyboard.press("ArrowDown"); // the first row, and one below
    await expect.poll(() => pressed.innerText()).toBe("␣bell");
    expect(await point.innerText()).toContain("“␣bell” looks at “The”");
    await context.close();
  });

  it("saves the weights of a head, each row with its token", async () => {
    const { page, context } = await site.open("tab=attention&text=The+bell,+the+bell.");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save-csv").click()]);
    const [head, ...rows] = (await readFile(await download.path(), "utf8")).trimEnd().split("\r\n");
    expect(head!.startsWith('"","The","␣bell"') || head!.startsWith(',"The","␣bell"')).toBe(true);
    for (const [index, row] of rows.entries()) {
      const shares = row
        .split(/,(?=[\d.])/u)
        .slice(1)
        .map(Number);
      expect(shares.slice(0, index + 1).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      expect(shares.slice(index + 1).every((share) => share === 0)).toBe(true);
    }
    expect(rows.length).toBeGreaterThan(4);
    await context.close();
  });

  it.each(["embeddings", "attention", "block", "next-token"])(
    "looks in %s at the last 128 tokens of a megabyte, and says so",
    async (tab) => {
      const { page, context, errors } = await site.open(`tab=${tab}`);
      const text = page.getByTestId(`${tab}-text`);
      await text.evaluate((area: HTMLTextAreaElement, megabyte) => {
        area.value = megabyte;
        area.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }, "The bell of the harbour rings, and 何大娘 says 😀. ".repeat(18_000));
      await expect.poll(() => page.locator("main .notice").innerText()).toContain("last 128 tokens");
      expect(await page.getByTestId(`${tab}-tokens`).locator("button").count()).toBe(128);
      await text.fill("The <|endoftext|>");
      await expect.poll(() => page.getByTestId(`${tab}-tokens`).innerText()).toMatch(/<\|endoftext\|>$/u);
      expect(await page.locator(".error-line").count()).toBe(0);
      expect(errors).toEqual([]);
      await context.close();
    },
  );

  it.each(["embeddings", "attention", "block", "next-token"])(
    "says what it lacks in %s without a text",
    async (tab) => {
      const { page, context, errors } = await site.open(`tab=${tab}`);
      await page.getByTestId(`${tab}-text`).fill("");
      await page.locator(".error-line").waitFor();
      await page.getByTestId(`${tab}-text`).fill("The bell");
      await page.locator(".error-line").waitFor({ state: "detached" });
      expect(errors).toEqual([]);
      await context.close();
    },
  );

  it("says in Chinese what is wrong, and the error's own English below it", async () => {
    const { page, context } = await site.open("tab=generate&prompt=", { locale: "zh-CN" });
    await page.getByTestId("write").click();
    const [chinese, english] = (await page.getByTestId("writer-error").innerText()).split("\n");
    expect(chinese).toBe("还没有文本：请先写一点，模型从那里写下去。");
    expect(english).toContain("The prompt has 0 tokens");
    await context.close();
  });

  it("draws from the text as it is: not before the probabilities after it are there", async () => {
    const { page, context } = await site.open("tab=next-token&temperature=0");
    const draw = page.getByTestId("next-token-draw");
    const tokens = page.getByTestId("next-token-tokens").locator("button");
    const best = page.getByTestId("next-token-bars").locator(".token-text").first();
    const [length, bestBefore] = [await tokens.count(), await best.innerText()];
    await page.evaluate(() => {
      const post = Worker.prototype.postMessage;
      const held: (() => void)[] = [];
      Worker.prototype.postMessage = function (this: Worker, message: { method?: string }) {
        const send = (): void => post.call(this, message);
        if (message.method === "nextToken") held.push(send);
        else send();
      };
      Object.assign(globalThis, {
        answerNow: () => {
          Worker.prototype.postMessage = post;
          for (const send of held) send();
        },
      });
    });
    await page.getByTestId("next-token-text").fill("The Patience was a");
    await expect.poll(() => draw.getAttribute("title")).toContain("an earlier text");
    await draw.click({ force: true });
    await page.getByTestId("next-token-bars").locator("button").nth(1).click();
    expect(await tokens.count()).toBe(length);
    await page.evaluate(() => (globalThis as unknown as { answerNow: () => void }).answerNow());
    await expect.poll(() => draw.getAttribute("aria-disabled")).toBeNull();
    const bestNow = await best.innerText();
    expect(bestNow).not.toBe(bestBefore);
    await draw.click();
    await expect.poll(() => tokens.last().innerText()).toBe(bestNow);
    expect(await tokens.count()).toBe(length + 2);
    await page.getByTestId("next-token-text").fill(""); // no probabilities at all, with what was drawn taken back
    await page.getByTestId("next-token-back").click();
    await page.locator(".error-line").waitFor();
    await draw.click({ force: true });
    expect(await tokens.count()).toBe(0);
    await context.close();
  });

  it("copies what was written", async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    const { page, context } = await site.open("tab=generate&length=5", { permissions });
    await page.getByTestId("write").click();
    await page.locator('[data-testid="speed"][data-reason]').waitFor();
    await page.getByTestId("copy").click();
    await expect.poll(() => page.getByTestId("status-line").innerText()).toContain("Copied");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(await page.getByTestId("written").innerText());
    await page.getByTestId("copy-link").click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
    await context.close();
  });
});
