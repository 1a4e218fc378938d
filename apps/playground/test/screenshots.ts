// Pictures of every tab in both languages, on a wide page and on a phone: `pnpm screenshots [FOLDER]`.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { launch, TestPage } from "../src/engine/testing/browser.ts";
import { TABS } from "./tabs.ts";

const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };
/** For the engine to come up, and what it computes to be drawn. */
const SETTLE_MS = 3000;

const folder = resolve(process.argv[2] ?? "screenshots");
await mkdir(folder, { recursive: true });
const site = await TestPage.serve({ isolated: true, page: "index.html" });
const browser = await launch({ webgpu: false });
for (const [size, viewport] of Object.entries(SIZES)) {
  const page = await browser.newPage({ viewport });
  for (const language of ["en", "zh"]) {
    for (const tab of TABS) {
      await page.goto(`${site.address}?tab=${tab}&lang=${language}`);
      await page.waitForTimeout(SETTLE_MS);
      await page.screenshot({ path: join(folder, `${tab}-${language}-${size}.png`), fullPage: true });
    }
  }
}
await browser.close();
await site.close();
console.log(folder);
