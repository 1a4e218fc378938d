// The address is the state: who opens it, in whatever browser, sees the same.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { useSite } from "./site.ts";
import type { TABS } from "./tabs.ts";

/** Something that a user does in a tab. */
type Doing = (page: Page) => Promise<unknown>;
const fill =
  (id: string, value: string): Doing =>
  async (page) => {
    await page.getByTestId(id).fill(value);
    await page.getByTestId(id).blur();
  };
const choose =
  (id: string, value: string): Doing =>
  (page) =>
    page.getByTestId(id).selectOption(value);
const click =
  (id: string): Doing =>
  (page) =>
    page.getByTestId(id).click();

const DOINGS: Readonly<Record<(typeof TABS)[number], readonly Doing[]>> = {
  tokenizer: [
    click("tokenizer-kind-trained"),
    fill("tokenizer-text", "我说你好 & co"),
    fill("merges", "7"),
    fill("corpus", "aab"),
  ],
  embeddings: [fill("embeddings-text", "何大娘 and the goat"), click("embeddings-tokens-2")],
  attention: [
    fill("attention-text", "The bell, the bell."),
    choose("layer", "2"),
    choose("head", "3"),
    click("causal"),
  ],
  block: [fill("block-text", "A clock strikes"), choose("block", "1"), click("block-tokens-1"), click("stage-gelu")],
  "next-token": [
    fill("next-token-text", "He said"),
    fill("temperature", "0.7"),
    fill("top-k", "9"),
    fill("top-p", "0.8"),
    fill("min-p", "0.02"),
    fill("next-token-seed", "7"),
    click("next-token-draw"),
  ],
  generate: [
    fill("prompt", "何大娘"),
    fill("length", "12"),
    fill("temperature", "0"),
    click("cache"),
    click("mode-chat"),
    choose("format", "phi3"),
  ],
  train: [
    choose("train-text", "zh"),
    fill("train-steps", "9"),
    fill("train-width", "32"),
    fill("train-heads", "2"),
    fill("train-rate", "0.01"),
  ],
  finetune: [
    choose("task", "instruct"),
    choose("trainable", "all"),
    fill("tuning-epochs", "2"),
    fill("tuning-seed", "5"),
  ],
  models: [fill("endpoint", "https://example.org"), fill("repository", "somebody/something")],
  chapters: [],
};

/** What stands in the tab's controls, and which of them are chosen. */
const stateOf = (page: Page) =>
  page.locator("main [data-testid]").evaluateAll((elements) =>
    elements.flatMap((element) => {
      const { testid } = (element as HTMLElement).dataset;
      const pressed = element.getAttribute("aria-pressed") ?? element.getAttribute("aria-selected");
      if (pressed !== null) return [`${testid}: ${pressed}`];
      if (element instanceof HTMLInputElement && element.type === "checkbox") return [`${testid}: ${element.checked}`];
      const hasValue = /^(?:INPUT|SELECT|TEXTAREA)$/u.test(element.tagName);
      return hasValue ? [`${testid}: ${(element as HTMLInputElement).value}`] : [];
    }),
  );

describe.skipIf(!hasBrowser)("the address", () => {
  const site = useSite();

  it.each(Object.entries(DOINGS))("of %s tells all of its state", async (tab, doings) => {
    const { page, context } = await site.open(`tab=${tab}`);
    const before = await stateOf(page);
    for (const act of doings) await act(page);
    const names = (): number => [...new URL(page.url()).searchParams.keys()].length;
    await expect.poll(names).toBeGreaterThan(Math.min(doings.length, 3)); // it is written a moment later
    await expect.poll(async () => doings.length === 0 || `${await stateOf(page)}` !== `${before}`).toBe(true);
    let [address, state] = ["", [] as string[]];
    await expect
      .poll(
        async () => {
          const last = [address, state];
          await page.evaluate(() => __pg.status()); // the engine has answered what it was asked before
          [address, state] = [page.url(), await stateOf(page)];
          return JSON.stringify([address, state]) === JSON.stringify(last);
        },
        { interval: 400 },
      )
      .toBe(true);
    await context.close();
    const again = await site.open(new URL(address).search.slice(1));
    await expect.poll(() => stateOf(again.page)).toEqual(state);
    expect(again.page.url().split("?")[1]).toBe(address.split("?")[1]);
    await again.context.close();
  });

  it("keeps what other tabs were left with, and goes back", async () => {
    const { page, context } = await site.open("tab=attention&layer=2");
    await page.getByTestId("tab-block").click();
    await page.getByTestId("stage-gelu").click();
    await page.getByTestId("tab-attention").dblclick(); // one place to go back from
    await expect.poll(() => page.getByTestId("layer").inputValue()).toBe("2");
    await page.goBack();
    await expect.poll(() => page.getByTestId("stage-gelu").getAttribute("aria-pressed")).toBe("true");
    await context.close();
  });

  it("hides what a teacher wants hidden, tabs and controls, wherever one goes", async () => {
    const { page, context } = await site.open("tab=next-token&hide=train,temperature,next-token-draw");
    expect(await page.getByTestId("tab-train").count()).toBe(0);
    expect(await page.getByTestId("temperature").isVisible()).toBe(false);
    expect(await page.getByTestId("next-token-draw").isVisible()).toBe(false);
    expect(await page.getByTestId("top-k").isVisible()).toBe(true);
    await page.getByTestId("tab-generate").click();
    await page.getByTestId("written").waitFor();
    expect(await page.getByTestId("temperature").isVisible()).toBe(false);
    expect(new URL(page.url()).searchParams.get("hide")).toContain("train");
    await context.close();
  });

  it("takes nonsense for nothing", async () => {
    const { page, context, errors } = await site.open("tab=attention&layer=99&head=x&causal=maybe");
    expect(await page.getByTestId("causal").isChecked()).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("leads along the path of chapters, step by step, each in the state that shows it", async () => {
    const { page, context, errors } = await site.open("tab=chapters");
    const steps = await page
      .locator(".path a")
      .evaluateAll((links) => links.map((link) => (link as HTMLElement).dataset["testid"]!.replace("open-", "")));
    expect(steps.length).toBeGreaterThan(15);
    await page.getByTestId(`open-${steps[0]}`).click();
    await expect.poll(() => page.getByTestId("chip").count()).toBe(8); // 我说你好
    const guide = page.getByTestId("guide");
    for (const [index, step] of steps.entries()) {
      await expect.poll(() => guide.getAttribute("data-step")).toBe(step);
      await page.locator("main h1").waitFor();
      if (index + 1 < steps.length) await page.getByTestId("guide-next").click();
    }
    expect(await page.getByTestId("guide-next").count()).toBe(0);
    await page.getByTestId("guide-back").click();
    await page.getByTestId("task").waitFor();
    await page.getByTestId("tuning-seed").fill("9"); // a state of the tab's own does not end the step
    await page.getByTestId("tuning-seed").blur();
    await expect.poll(() => page.url()).toContain("seed=9");
    expect(page.url()).toContain("step=classify");
    await page.getByTestId("tab-train").click();
    await page.getByTestId("train-start").waitFor();
    expect(await guide.count()).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });
});
