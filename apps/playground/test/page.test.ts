// What the tabs do.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { clickAtOnce, expectAccessible, expectChinese, useSite } from "./site.ts";

describe.skipIf(!hasBrowser)("the page", () => {
  const site = useSite();

  it("says why it has the backend that it has", async () => {
    const { page, context } = await site.open("tab=tokenizer");
    await page.locator('[data-testid="backend"][data-phase="ready"]').click();
    expect(await page.getByTestId("backend").innerText()).toMatch(/^Backend WASM/u);
    expect(await page.getByTestId("backend-reason").innerText()).toMatch(/^WebGPU: (?:this browser|the browser)/u);
    expect(await page.evaluate(() => __pg.status())).toMatchObject({ backend: "wasm", numTensors: expect.any(Number) });
    await context.close();
  });

  it("shows the bytes of GPT-2's tokens, and stays awake with ten thousand characters", async () => {
    const { page, context } = await site.open("tab=tokenizer&text=我说你好");
    const chips = page.getByTestId("chip");
    const ids = await chips.evaluateAll((all) => all.map((chip) => (chip as HTMLElement).dataset["id"]));
    expect(ids.join()).toBe("22755,239,46237,112,19526,254,25001,121");
    expect(await page.locator(".fragments").count()).toBe(4);
    expect(await page.getByTestId("chips").innerText()).not.toContain("�");
    await page.getByTestId("tokenizer-text").fill("我说你好, and so on. ".repeat(600));
    await expect.poll(() => page.getByTestId("token-count").getAttribute("data-count")).toBe(String(600 * 14));
    const drawn = await chips.count();
    await page.getByTestId("more-chips").click();
    await expect.poll(() => chips.count()).toBeGreaterThan(drawn);
    await page.getByTestId("token-table").click();
    const rows = page.locator("tbody tr");
    expect(await rows.count()).toBe(500);
    await page.getByTestId("token-table-more").click();
    await expect.poll(() => rows.count()).toBe(1000);
    await context.close();
  });

  it("replays the merges of a tokenizer that it trains", async () => {
    const { page, context } = await site.open("tab=tokenizer&kind=trained&merges=0&corpus=aaab+aaab&text=aaab");
    const count = page.getByTestId("token-count");
    const learned = page.getByTestId("learned").locator("li");
    expect([await count.getAttribute("data-count"), await learned.count()]).toEqual(["4", 0]);
    const seen: unknown[] = [];
    for (const merges of ["1", "2", "3"]) {
      await page.getByTestId("merges").fill(merges);
      await expect.poll(() => learned.count()).toBe(Number(merges));
      seen.push(await count.getAttribute("data-count"));
    }
    expect(seen).toEqual(["3", "2", "1"]);
    await context.close();
  });

  it("filters probabilities without another pass, and branches", async () => {
    const { page, context } = await site.open("tab=next-token");
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
    const asked = () => page.evaluate(() => (globalThis as unknown as { asked: unknown[] }).asked.length);
    const all = await kept();
    expect(all).toBe(1536);
    for (const [slider, values] of Object.entries({
      temperature: ["0", "0.7", "2"],
      "top-k": ["9", "3"],
      "top-p": ["0.8", "0.4"],
      "min-p": ["0.02", "0.3"],
    })) {
      for (const value of values) {
        await page.getByTestId(slider).fill(value);
        expect(Math.abs((await sum()) - 1)).toBeLessThan(1e-6);
      }
    }
    await expect.poll(kept).toBeLessThan(all);
    await expect.poll(() => page.url()).toContain("topK=3");
    expect(await asked()).toBe(0);
    const tokens = page.getByTestId("next-token-tokens").locator("button");
    const before = await tokens.count();
    await page.getByTestId("next-token-bars").locator("button").nth(1).click();
    await expect.poll(() => tokens.count()).toBe(before + 1);
    await expect.poll(asked).toBeGreaterThan(0);
    await page.getByTestId("next-token-back").click();
    await expect.poll(() => tokens.count()).toBe(before);
    await context.close();
  });

  it("shows attention that sums to 1 and sees no future, in every head", async () => {
    const { page, context } = await site.open("tab=attention");
    const worst = await page.evaluate(async () => {
      const { engine } = __pg;
      const ids = await engine.call("encode", { model: "shown", text: "The clock on the tower strikes." });
      const { weights } = await engine.call("attention", { model: "shown", ids, causal: true });
      let [error, future] = [0, 0];
      for (const layer of weights) {
        for (let row = 0; row < layer.length / ids.length; row++) {
          const shares = layer.subarray(row * ids.length, (row + 1) * ids.length);
          error = Math.max(error, Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1));
          future = Math.max(future, ...shares.subarray((row % ids.length) + 1));
        }
      }
      return { error, future, layers: weights.length };
    });
    expect(worst.layers).toBe(3);
    expect(worst.error).toBeLessThan(1e-5);
    expect(worst.future).toBe(0);
    await page.getByTestId("attention-tokens-0").click();
    const sum = await page.getByTestId("row-sum").evaluate((element) => Number(element.dataset["sum"]));
    expect(Math.abs(sum - 1)).toBeLessThan(1e-5);
    await page.getByTestId("attention-table").click();
    const shares = await page.getByRole("cell").filter({ hasText: "%" }).allTextContents();
    expect(shares[0]).toBe("100.000 %");
    expect(new Set(shares.slice(1))).toEqual(new Set(["0.000 %"]));
    const [csv] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save-csv").click()]);
    expect(csv.suggestedFilename()).toBe("attention.csv");
    const [png] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save-png").click()]);
    expect(png.suggestedFilename()).toBe("attention.png");
    await context.close();
  });

  it("writes, stops, and writes again", async () => {
    const { page, context } = await site.open("tab=generate&length=400&temperature=0");
    await clickAtOnce(page, "write", "speed", "stop");
    await expect.poll(() => page.getByTestId("speed").getAttribute("data-reason")).toBe("aborted");
    await page.getByTestId("length").fill("5");
    await page.getByTestId("length").blur();
    await page.getByTestId("again").click();
    await expect.poll(() => page.getByTestId("speed").getAttribute("data-reason")).toBe("length");
    expect(await page.getByTestId("written").innerText()).toContain("The Patience");

    await page.getByTestId("prompt").fill("Something else"); // what was written goes on from what it did
    await page.getByTestId("length").fill("5000");
    await page.getByTestId("length").blur();
    expect(await page.getByTestId("length").inputValue()).toBe("1000");
    expect(await page.getByTestId("written").innerText()).toContain("The Patience");
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save").click()]);
    const { prompt, settings } = JSON.parse(await readFile(await file.path(), "utf8"));
    expect([prompt, settings.maxNewTokens]).toEqual(["The Patience", 5]);
    await context.close();
  });

  it("chats: answers, edits what was said, saves the conversation", async () => {
    const { page, context } = await site.open("tab=generate&mode=chat&length=4&temperature=0");
    const messages = page.getByTestId("transcript").locator("li");
    await page.getByTestId("message").fill("The Patience");
    await page.getByTestId("send").click();
    await expect.poll(() => messages.count()).toBe(2);
    await page.getByTestId("again").click();
    await expect.poll(() => messages.count()).toBe(2);
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByTestId("save").click()]);
    expect(file.suggestedFilename()).toBe("conversation.json");
    await page.getByTestId("edit-0").click();
    expect(await page.getByTestId("message").inputValue()).toBe("The Patience");
    expect(await messages.count()).toBe(0);
    await context.close();
  });

  it("tunes a classifier and a follower of instructions, and tries them beside the model before", async () => {
    const { page, context, errors } = await site.open("tab=finetune&epochs=50");
    const step = () =>
      page.getByTestId("tuning-progress").evaluate((bar) => Number((bar as HTMLProgressElement).value));
    const tuneALittle = async (): Promise<void> => {
      await page.getByTestId("tuning-start").click();
      await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(1);
      await page.getByTestId("tuning-pause").click();
      await page.getByTestId("tuning-start").waitFor();
    };
    await tuneALittle();
    await page.getByTestId("classify").click();
    expect(await page.locator("main").innerText()).toContain("fixed while there is a run");
    for (const side of ["base", "tuned"]) await page.getByTestId(`class-${side}`).waitFor();
    await page.getByTestId("task").selectOption("instruct");
    await tuneALittle();
    await page.getByTestId("ask").click();
    await page.getByTestId("ask").waitFor({ timeout: 60_000 });
    expect(errors).toEqual([]);
    await context.close();
  });

  it("is Chinese and accessible in what opens only when it is used, also in the dark", async () => {
    const { page, context, errors } = await site.open("tab=tokenizer&kind=trained&step=merges", {
      locale: "zh-CN",
      colorScheme: "dark",
    });
    const check = async (what: string): Promise<void> => {
      const closed = page.locator('.data-table > [aria-expanded="false"]');
      while ((await closed.count()) > 0) await closed.first().click();
      await expectChinese(page, what);
      await expectAccessible(page, what);
    };
    await page.getByTestId("chip").first().click();
    await page.locator('[data-testid="backend"][data-phase="ready"]').click();
    await check("tokens, tables, the backend's reasons");
    for (const tab of ["embeddings", "attention", "block", "next-token"]) {
      await page.getByTestId(`tab-${tab}`).click();
      await page.locator(".data-table").first().waitFor();
      await check(`tables of ${tab}`);
    }
    await page.getByTestId("tab-generate").click();
    await page.getByTestId("mode-chat").click();
    await page.getByTestId("length").fill("3");
    await page.getByTestId("message").fill("你好");
    await page.getByTestId("send").click();
    await expect.poll(() => page.getByTestId("speed").getAttribute("data-reason")).toBe("length");
    await check("a conversation");
    await page.getByTestId("tab-models").click();
    await page.getByTestId("endpoint").fill("http://127.0.0.1:9");
    await page.getByTestId("describe").click();
    await page.getByTestId("download-error").waitFor();
    await check("a server that is not there");
    expect(errors.filter((error) => !error.includes("127.0.0.1:9") && !error.includes("ERR_"))).toEqual([]);
    await context.close();
  });
});
