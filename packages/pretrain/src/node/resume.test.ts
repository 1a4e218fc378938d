import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { onBackends } from "@test/backend.ts";
import { restoreTinyRun, saveTinyRun } from "../../test/tiny-files.ts";
import { type TinyRun, tinyRun } from "../../test/tiny-run.ts";
import { trainModel } from "../train-model.ts";
import type { TrainOptions } from "../train-options.ts";

let runDir: string;
beforeAll(() => {
  runDir = mkdtempSync(join(tmpdir(), "resume-"));
});
afterAll(() => rmSync(runDir, { recursive: true, force: true }));

const OPTIONS = { epochs: 2, evalEvery: 2, evalBatches: 2, sampleEvery: "epoch", clipNorm: { maxNorm: 0.5 } } as const;

/** Every number of a run, in words, so that equality is equality to the last digit. */
async function record(run: TinyRun, options: Partial<TrainOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const event of trainModel({ ...run, ...OPTIONS, ...options })) {
    if (event.type === "step") lines.push(`step ${event.step}: ${event.loss} ${event.gradNorm} ${event.tokensSeen}`);
    if (event.type === "eval") lines.push(`eval ${event.step}: ${event.trainLoss} ${event.valLoss}`);
    if (event.type === "sample") lines.push(`sample ${event.step}: ${event.text}`);
    if (event.type === "done") lines.push(`done ${event.step} ${event.epoch}`);
  }
  return lines;
}

onBackends((backend) => {
  it.each(["torch", "fast"] as const)(
    "an interrupted and resumed run with %s dropout equals an uninterrupted one to the last digit",
    async (dropout) => {
      const dir = join(runDir, backend, dropout);
      const run = tinyRun({ dropout });
      const paths: string[] = [];
      const whole = await record(run, {
        checkpointEvery: 1,
        saveCheckpoint: async (state) => {
          const path = await saveTinyRun(dir, run, state);
          paths.push(path);
          return path;
        },
      });
      run.dispose();
      expect(paths).toHaveLength(10);

      for (const done of [1, 5, 7, 10]) {
        const fresh = tinyRun({ dropout, seed: 999 }); // nothing of it may survive
        const resume = await restoreTinyRun(paths[done - 1] ?? "", fresh);
        expect(resume.step).toBe(done);
        const rest = await record(fresh, { resume });
        expect(rest).toEqual(whole.slice(-rest.length));
        expect(rest[0]).toContain(done % 5 === 0 ? `sample ${done - 1}` : `step ${done}:`);
        fresh.dispose();
      }
    },
  );
});
