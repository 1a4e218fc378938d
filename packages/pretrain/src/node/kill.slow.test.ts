import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useTestBackend } from "@test/backend.ts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { killedChild } from "../../test/killed-child.ts";
import { restoreTinyRun } from "../../test/tiny-files.ts";
import { tinyRun } from "../../test/tiny-run.ts";
import { latestCheckpoint } from "./checkpoint-folder.ts";

let runDir: string;
beforeAll(async () => {
  await useTestBackend("cpu");
  runDir = mkdtempSync(join(tmpdir(), "kill-often-"));
});
afterAll(() => rmSync(runDir, { recursive: true, force: true }));

it("always leaves a checkpoint that loads, whenever it is killed", async () => {
  let interrupted = 0;
  for (let round = 0; round < 30; round++) {
    // Somewhere in or near the saving after step 5: a save takes a few milliseconds.
    const wait = (round % 15) * 1;
    const lines = await killedChild([runDir], async (line) => {
      if (line !== "step 5") return false;
      await new Promise((resolve) => setTimeout(resolve, wait));
      return true;
    });
    expect(lines).toContain("checkpoint 3");
    interrupted += readdirSync(join(runDir, "checkpoints")).filter((name) => name.startsWith(".")).length;
    const run = tinyRun();
    const state = await restoreTinyRun((await latestCheckpoint(runDir)) ?? "", run);
    expect(state.step % 3).toBe(0);
    expect(state.step).toBeGreaterThan(0);
    run.dispose();
  }
  expect(interrupted).toBeGreaterThan(0); // some kills did hit a save
});
