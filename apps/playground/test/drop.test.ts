// Files that are really dropped: a page's own, as from another page, and a folder from the disk.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { useSite } from "./site.ts";

const BUNDLED = fileURLToPath(new URL("../src/engine/bundled", import.meta.url));
const SMALL = "tab=train&text=own&steps=2&width=24&heads=2&layers=1&vocabulary=300&context=16&batch=2";

/** Drops files that are made on the page. */
const dropMade = (page: Page, zone: string, files: Readonly<Record<string, string>>) =>
  page.getByTestId(zone).evaluate((element, contents) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(contents)) dataTransfer.items.add(new File([text], name));
    for (const type of ["dragover", "drop"]) {
      const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
      element.dispatchEvent(event);
      if (!event.defaultPrevented) throw new Error(`the browser would open the file at ${type}`);
    }
  }, files);

/** Drops what lies on the disk, as a user does from a file manager. */
async function dropFromDisk(page: Page, zone: string, paths: readonly string[]): Promise<void> {
  const place = page.getByTestId(zone);
  await place.scrollIntoViewIfNeeded();
  const box = (await place.boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: box.x + 20, y: box.y + 20, data });
  }
}

describe.skipIf(!hasBrowser)("what is dropped", { timeout: 120_000 }, () => {
  const site = useSite();

  it("trains on a text, made on the page or from the disk", async () => {
    const { page, context, errors } = await site.open(SMALL);
    const zone = page.getByTestId("train-own-text");
    await dropMade(page, "train-own-text", { "made.txt": "the cat sat on the mat. ".repeat(90) });
    await expect.poll(() => zone.innerText()).toContain("made.txt, 2.2 kB");
    const folder = await mkdtemp(join(tmpdir(), "dropped-"));
    await writeFile(join(folder, "disk.txt"), "the bell of the harbour rings. ".repeat(90));
    await dropFromDisk(page, "train-own-text", [join(folder, "disk.txt")]);
    await expect.poll(() => zone.innerText()).toContain("disk.txt, 2.8 kB");
    await page.getByTestId("train-start").click();
    await page.locator('[data-testid="train-numbers"][data-step="2"]').waitFor({ timeout: 60_000 });
    await rm(folder, { recursive: true });
    expect(errors).toEqual([]);
    await context.close();
  });

  it.each([
    ["a folder", [BUNDLED], "bundled · 1.9 M"],
    ["files", ["config.json", "tokenizer.json", "model.safetensors"].map((name) => join(BUNDLED, name)), "1.9 M"],
  ])("shows the model of %s", async (_what, paths, name) => {
    const { page, context, errors } = await site.open("tab=models");
    await page.getByTestId("recipe").waitFor();
    await dropFromDisk(page, "model-files", paths);
    await page.getByTestId("show-bundled").waitFor(); // it is another model now
    expect(await page.getByTestId("model").innerText()).toContain(name);
    await page.getByTestId("tab-next-token").click();
    await page.getByTestId("next-token-bars").locator("button").first().waitFor();
    expect(errors).toEqual([]);
    await context.close();
  });

  it("says that a zip is none", async () => {
    const { page, context, errors } = await site.open("tab=train", { locale: "zh-CN" });
    await dropMade(page, "train-open", { "run.zip": "no zip" });
    const [chinese, english] = (await page.getByRole("alert").innerText()).split("\n");
    expect(chinese).toBe("这不是 zip 文件，或者它已损坏；请重新保存。");
    expect(english).toContain("run.zip");
    expect(errors).toEqual([]);
    await context.close();
  });

  it("says what it cannot use, and goes on showing what it showed", async () => {
    const { page, context } = await site.open("tab=models");
    await page.getByTestId("recipe").waitFor();
    await dropMade(page, "model-files", { "notes.txt": "no model" });
    await page.getByTestId("model-error").waitFor();
    expect(await page.getByTestId("model").innerText()).toContain("tiny, built in · 1.9 M");
    await context.close();
  });
});
