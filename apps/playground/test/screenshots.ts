// Pictures of every tab in both languages, on a wide page and on a phone, and in the dark: `pnpm screenshots [FOLDER]`.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { launch, TestPage } from "../src/engine/testing/browser.ts";
import { CONTENT, TABS } from "./tabs.ts";

const LOOKS = {
  wide: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
} as const;
/** For what was computed to be drawn. */
const SETTLE_MS = 400;

const folder = resolve(process.argv[2] ?? "screenshots");
await mkdir(folder, { recursive: true });
const site = await TestPage.serve({ isolated: true, page: "index.html" });
const browser = await launch({ webgpu: false });
for (const [look, options] of Object.entries(LOOKS)) {
  const page = await browser.newPage(options);
  for (const language of ["en", "zh"]) {
    for (const tab of TABS) {
      await page.goto(`${site.address}?tab=${tab}&lang=${language}`);
      await page.locator(CONTENT[tab]).first().waitFor();
      await page.getByTestId("model").filter({ hasText: "M" }).waitFor();
      await page.waitForTimeout(SETTLE_MS);
      await page.screenshot({ path: join(folder, `${tab}-${language}-${look}.png`), fullPage: true });
    }
  }
  await page.close();
}
await browser.close();
await site.close();
console.log(folder);
