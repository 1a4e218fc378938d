// The page's training on WASM beside the trainer on cpu, which runs as users run it.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expectClose } from "@test/expect-close.ts";
import { eventsOf, runTrainer } from "@test/run-trainer.ts";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import * as tf from "@tensorflow/tfjs";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunSettings } from "../src/engine/protocol.ts";
import { hasBrowser } from "../src/engine/testing/browser.ts";
import { resumeArguments, trainerArguments } from "../src/engine/testing/trainer-flags.ts";
import { clickAtOnce, useSite } from "./site.ts";

/** What a user sets. */
const FIELDS = "seed=7&steps=4&width=32&heads=2&layers=1&vocabulary=300&context=16&batch=2&every=2";
const SMALL = "tab=train&width=24&heads=2&layers=1&vocabulary=300&context=16&batch=4";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "playground-page-"));
  return () => rm(folder, { recursive: true });
});
afterEach(() => tf.disposeVariables());

const reach = (page: Page, step: number) =>
  page.locator(`[data-testid="train-numbers"][data-step="${step}"]`).waitFor({ timeout: 120_000 });

const textFile = (buffer: Buffer) => ({ name: "mine.txt", mimeType: "text/plain", buffer });

/** Opens a saved run, packed as the page packs it. */
async function openZip(page: Page, buffer: Buffer): Promise<void> {
  const input = page.getByTestId("train-open-input");
  await input.evaluate((element) => element.removeAttribute("webkitdirectory"));
  await input.setInputFiles({ name: "run.zip", mimeType: "application/zip", buffer });
}

/** Saves the run on the page. */
async function saveZip(page: Page): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("train-save").click()]);
  return readFile(await download.path());
}

/** Saves the run on the page, and unpacks it. */
async function save(page: Page, name: string): Promise<string> {
  const zip = unzipSync(await saveZip(page));
  for (const [path, content] of Object.entries(zip)) {
    await mkdir(dirname(join(folder, name, path)), { recursive: true });
    await writeFile(join(folder, name, path), content);
  }
  return join(folder, name);
}

/** Losses of the steps in a run's folder. */
async function lossesIn(run: string): Promise<number[]> {
  return stepsOf(await readFile(join(run, "metrics.jsonl"), "utf8"));
}

function stepsOf(lines: string): number[] {
  return eventsOf(lines).flatMap(({ type, loss }) => (type === "step" ? [loss as number] : []));
}

async function settingsIn(run: string): Promise<RunSettings> {
  return (JSON.parse(await readFile(join(run, "config.json"), "utf8")) as { config: RunSettings }).config;
}

describe.skipIf(!hasBrowser)("training in the page", () => {
  const site = useSite();

  it("gives the trainer's losses over 30 steps, and is resumed by the trainer", async () => {
    const { page, context } = await site.open(`${SMALL}&steps=40&seed=7`);
    await page.getByTestId("train-start").click();
    await reach(page, 40);
    const ours = await lossesIn(await save(page, "ours"));
    expect(ours).toHaveLength(40);
    const whole = await runTrainer(
      trainerArguments(await settingsIn(join(folder, "ours")), ["--run-dir", join(folder, "theirs")]),
      {
        cwd: folder,
      },
    );
    expect(whole.code, whole.stderr).toBe(0);
    expectClose(ours.slice(0, 30), stepsOf(whole.stdout).slice(0, 30), { absolute: 1e-4 });

    await page.getByTestId("train-reset").click();
    for (let step = 1; step <= 3; step++) {
      await page.getByTestId("train-step").click();
      await reach(page, step);
    }
    const begun = await save(page, "begun");
    const resumed = await runTrainer(resumeArguments(begun), { cwd: folder });
    expect(resumed.code, resumed.stderr).toBe(0);
    expectClose(stepsOf(resumed.stdout).slice(0, 27), ours.slice(3, 30), { absolute: 1e-4 });
    await context.close();
  });

  it("takes the trainer's folder: its logits to look at, its run to go on with", async () => {
    const { page, context, errors } = await site.open(`${SMALL}&steps=12`);
    await page.getByTestId("train-step").click();
    await reach(page, 1);
    const settings = await settingsIn(await save(page, "settings"));
    const run = join(folder, "theirs");
    const whole = await runTrainer(trainerArguments(settings, ["--run-dir", join(folder, "whole")]), { cwd: folder });
    const half = { ...settings, train: { ...settings.train, checkpointEvery: 5, keepLast: 9 } };
    await runTrainer(trainerArguments(half, ["--run-dir", run]), { cwd: folder });
    for (const later of ["checkpoints/step-000010", "checkpoints/step-000012", "latest"])
      await rm(join(run, later), { recursive: true });

    await page.getByTestId("train-open-input").setInputFiles(run);
    await reach(page, 5);
    await page.getByTestId("train-start").click();
    await reach(page, 12);
    expectClose(await lossesIn(await save(page, "on")), stepsOf(whole.stdout), { absolute: 1e-4 });

    await page.getByTestId("tab-models").click();
    await page.getByTestId("model-files-input").setInputFiles(run);
    await expect.poll(() => page.getByTestId("model").innerText()).toContain("theirs");
    const ids = [5, 70, 260, 17];
    const logits = await page.evaluate(
      async (asked) => [...(await __pg.engine.call("nextToken", { model: "shown", ids: Int32Array.from(asked) }))],
      ids,
    );
    const { model } = await loadModelFolder(join(run, "checkpoints/step-000005"));
    const expected = tf.tidy(() => model.forward(tf.tensor2d(ids, [1, 4], "int32"), { lastOnly: true }));
    expectClose(logits, expected.dataSync(), { absolute: 1e-4 });
    expect(errors).toEqual([]);
    await context.close();
  });

  it("goes on after the page was loaded again as if it had not been", async () => {
    const { page, context } = await site.open(`${SMALL}&steps=12`);
    for (let step = 1; step <= 4; step++) {
      await page.getByTestId("train-step").click();
      await reach(page, step);
    }
    const buffer = await saveZip(page);
    await page.getByTestId("train-start").click();
    await reach(page, 12);
    const undisturbed = await lossesIn(await save(page, "undisturbed"));
    await page.reload();
    await openZip(page, buffer);
    await reach(page, 4);
    await page.getByTestId("train-start").click();
    await reach(page, 12);
    const resumed = await lossesIn(await save(page, "resumed"));
    expect(resumed).toHaveLength(12);
    expectClose(resumed, undisturbed, { absolute: 1e-4 });
    await context.close();
  });

  it("pauses, also while the run is being prepared, and goes on", async () => {
    const { page, context } = await site.open(`${SMALL}&steps=20000&vocabulary=900`);
    const numbers = page.getByTestId("train-numbers");
    await clickAtOnce(page, "train-start", "train-pause");
    await numbers.waitFor({ timeout: 60_000 });
    await page.getByTestId("train-start").waitFor();
    expect(await numbers.getAttribute("data-step")).toBe("0");
    await page.getByTestId("train-start").click();
    await expect
      .poll(async () => Number(await numbers.getAttribute("data-step")), { timeout: 60_000 })
      .toBeGreaterThan(2);
    await page.getByTestId("train-pause").click();
    await page.getByTestId("train-start").waitFor();
    const step = Number(await numbers.getAttribute("data-step"));
    expect(step).toBeLessThan(20_000);
    await page.getByTestId("train-step").click();
    await reach(page, step + 1);
    await context.close();
  });

  it("goes on after a double click, and the browser asks before it leaves it", async () => {
    const { page, context } = await site.open(`${SMALL}&steps=20000`);
    const step = async () => Number(await page.getByTestId("train-numbers").getAttribute("data-step"));
    await page.getByTestId("train-start").dblclick();
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(2);
    const question = page.waitForEvent("dialog");
    await page.evaluate(() => void setTimeout(() => location.reload()));
    const dialog = await question;
    expect(dialog.type()).toBe("beforeunload");
    await dialog.dismiss();
    const left = await step();
    await expect.poll(step).toBeGreaterThan(left);
    await page.getByTestId("train-pause").click();
    await page.getByTestId("train-start").waitFor();
    page.on("dialog", () => expect.unreachable("nothing is under way"));
    await page.reload();
    await page.getByTestId("train-start").waitFor();
    await context.close();
  });

  it("shows the curves of a run that was kept beside those of the new one", async () => {
    const { page, context } = await site.open(`${SMALL}&steps=3`);
    await page.getByTestId("train-start").click();
    await reach(page, 3);
    await page.getByTestId("train-compare").click();
    await page.getByTestId("train-reset").click();
    await page.getByTestId("train-seed").fill("9");
    await page.getByTestId("train-seed").blur();
    await page.getByTestId("train-start").click();
    await reach(page, 3);
    const legend = page.getByTestId("loss-chart").locator(".u-label");
    await expect.poll(() => legend.allInnerTexts()).toHaveLength(4); // two lines, and two of the run before
    expect(await page.locator("main").innerText()).toMatch(/fixed while there is a run.*is at its end/su);
    await page.getByTestId("train-show").click();
    await expect.poll(() => page.getByTestId("status-line").innerText()).toContain("All tabs show");
    expect(await page.getByTestId("model").innerText()).toContain("from your training");
    await context.close();
  });

  it("stops at a NaN and says why", async () => {
    const { page, context } = await site.open(`${SMALL}&steps=200&rate=1000`);
    await page.getByTestId("train-start").click();
    const error = page.getByTestId("train-error");
    await error.waitFor({ timeout: 90_000 });
    expect(await error.innerText()).toMatch(/learning rate/u);
    expect(Number(await page.getByTestId("train-numbers").getAttribute("data-step"))).toBeLessThan(200);
    await context.close();
  });

  it("trains on a text of one's own", async () => {
    const { page, context } = await site.open(`${SMALL}&steps=2&text=own`);
    expect(await page.getByTestId("train-start").isDisabled()).toBe(true);
    const buffer = Buffer.from("the cat sat on the mat, and the mat lay on the floor. ".repeat(80));
    await page.getByTestId("train-own-text-input").setInputFiles(textFile(buffer));
    await page.getByTestId("train-start").click();
    await reach(page, 2);
    await context.close();
  });

  it("takes a text in UTF-8 only, writes samples as often as asked for, and shows what a saved run was begun with", async () => {
    const { page, context } = await site.open(`tab=train&text=own&begin=${encodeURIComponent("我说")}&${FIELDS}`);
    const input = page.getByTestId("train-own-text-input");
    await input.setInputFiles(textFile(Buffer.from([0xce, 0xd2, 0xcb, 0xb5]))); // 我说 in GB 18030
    const problem = page.getByTestId("train-text-error");
    await problem.waitFor();
    expect(await problem.innerText()).toContain("mine.txt is no text in UTF-8");
    expect(await page.getByTestId("train-start").isDisabled()).toBe(true);
    await input.setInputFiles(textFile(Buffer.from("我说你好，你说再见。".repeat(2000))));
    await problem.waitFor({ state: "detached" });
    await page.getByTestId("train-start").click();
    await reach(page, 4);
    const samples = page.getByTestId("train-samples").locator("p");
    await expect.poll(() => samples.count()).toBe(2);
    for (const sample of await samples.allInnerTexts()) expect(sample).toMatch(/^我说/u);

    const buffer = await saveZip(page);
    await context.close();
    const other = await site.open("tab=train");
    await openZip(other.page, buffer);
    await reach(other.page, 4);
    const fields = { seed: "7", width: "32", heads: "2", layers: "1", vocabulary: "300", context: "16", every: "2" };
    for (const [name, value] of Object.entries({ ...fields, begin: "我说" })) {
      expect(await other.page.getByTestId(`train-${name}`).inputValue(), name).toBe(value);
    }
    await expect.poll(() => other.page.url()).toContain("seed=7");
    await other.context.close();
  });
});
