// Pictures of every tab in both languages, on a wide page and on a phone, and in the dark: `pnpm screenshots [FOLDER]`.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { launch, TestPage } from "../src/engine/testing/browser.ts";
import { CONTENT, TABS } from "./tabs.ts";

const LOOKS = {
  wide: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
} as const;
/** For what was computed to be drawn. */
const SETTLE_MS = 400;

/** A picture: its name, the page's state, and what is done there. */
type Shot = readonly [name: string, query: string, act: (page: Page) => Promise<unknown>];

const SHOTS: readonly Shot[] = [
  ...TABS.map((tab): Shot => [tab, `tab=${tab}`, (page) => page.locator(CONTENT[tab]).first().waitFor()]),
  ["merges", "tab=tokenizer&kind=trained", (page) => page.getByTestId("learned").locator("li").first().waitFor()],
  ["knobs", "tab=next-token&topK=6&temperature=0.6", (page) => page.getByTestId("kept").waitFor()],
  ["step", "tab=attention&step=unmasked&causal=0&layer=1", (page) => page.getByTestId("guide").waitFor()],
  ["backend", "tab=embeddings", (page) => page.getByTestId("backend").click()],
  [
    "conversation",
    "tab=generate&mode=chat&length=30",
    async (page) => {
      await page.getByTestId("message").fill("The Patience was");
      await page.getByTestId("send").click();
      await page.locator('[data-testid="speed"][data-reason]').waitFor();
    },
  ],
  [
    "trained",
    "tab=train&steps=60&every=20&width=48&heads=2&layers=1&context=32",
    async (page) => {
      await page.getByTestId("train-start").click();
      await page.locator('[data-testid="train-numbers"][data-step="60"]').waitFor({ timeout: 120_000 });
    },
  ],
  [
    "tuned",
    "tab=finetune&epochs=1",
    async (page) => {
      await page.getByTestId("tuning-start").click();
      await page.getByTestId("accuracy-chart").waitFor({ timeout: 120_000 });
      await page.locator('[data-testid="classify"]:enabled').click();
      await page.getByTestId("class-tuned").waitFor();
    },
  ],
  [
    "refused",
    "tab=models&endpoint=http%3A%2F%2F127.0.0.1%3A9",
    async (page) => {
      await page.getByTestId("describe").click();
      await page.getByTestId("download-error").waitFor();
    },
  ],
];

const folder = resolve(process.argv[2] ?? "screenshots");
await mkdir(folder, { recursive: true });
const site = await TestPage.serve({ isolated: true, page: "index.html" });
const browser = await launch({ webgpu: false });
for (const [look, options] of Object.entries(LOOKS)) {
  const page = await browser.newPage(options);
  for (const language of ["en", "zh"]) {
    for (const [name, query, act] of SHOTS) {
      await page.goto(`${site.address}?${query}&lang=${language}`);
      await page.getByTestId("model").filter({ hasText: / M$/u }).waitFor();
      await act(page);
      await page.waitForTimeout(SETTLE_MS);
      await page.screenshot({ path: join(folder, `${name}-${language}-${look}.png`), fullPage: true });
    }
  }
  await page.close();
}
await browser.close();
await site.close();
console.log(folder);
