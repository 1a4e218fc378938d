import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useTestBackend } from "@test/backend.ts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { killedChild } from "../../test/killed-child.ts";
import { restoreTinyRun, saveTinyRun } from "../../test/tiny-files.ts";
import { tinyRun } from "../../test/tiny-run.ts";
import { trainModel } from "../train-model.ts";
import { latestCheckpoint } from "./checkpoint-folder.ts";

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "kill-"));
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));

it("goes on from the last whole checkpoint after kill -9 in the middle of saving the next", async () => {
  await useTestBackend("cpu");
  await killedChild([runDir, "6"], (line) => line === "saving 6");
  const folder = join(runDir, "checkpoints");
  expect(readdirSync(folder).toSorted()).toEqual([".step-000006.part", "step-000003"]);
  const latest = await latestCheckpoint(runDir);
  expect(latest).toBe(join(folder, "step-000003"));

  const options = { maxSteps: 8, evalEvery: 2 };
  const [resumed, whole] = [tinyRun({ dropout: "fast", seed: 4 }), tinyRun({ dropout: "fast" })];
  const resume = await restoreTinyRun(latest ?? "", resumed);
  const losses: number[] = [];
  for await (const event of trainModel({ ...resumed, ...options, resume })) {
    if (event.type === "step") losses.push(event.loss);
  }
  const expected: number[] = [];
  for await (const event of trainModel({ ...whole, ...options })) {
    if (event.type === "step") expected.push(event.loss);
  }
  expect(losses).toEqual(expected.slice(3));
  expect(losses).toHaveLength(5);

  await saveTinyRun(runDir, resumed, { step: 8, epoch: 1, tokensSeen: 96, cursor: null });
  expect(readdirSync(folder).toSorted()).toEqual(["step-000003", "step-000008"]);
  resumed.dispose();
  whole.dispose();
});
