import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdamW } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { useTestBackend } from "@test/backend.ts";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { saveTinyModel, saveTinyRun } from "../../test/tiny-files.ts";
import { type TinyRun, tinyRun } from "../../test/tiny-run.ts";
import type { TrainState } from "../train-events.ts";
import { CheckpointError } from "../checkpoint-error.ts";
import { latestCheckpoint } from "./checkpoint-folder.ts";
import { loadCheckpoint } from "./load-checkpoint.ts";
import { saveCheckpoint } from "./save-checkpoint.ts";

let runDir: string;
let run: TinyRun;
beforeAll(() => useTestBackend("cpu"));
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), "checkpoint-"));
  run = tinyRun();
});
afterEach(() => {
  run.dispose();
  rmSync(runDir, { recursive: true, force: true });
});

const at = (step: number): TrainState => ({ step, epoch: 0, tokensSeen: 12 * step, cursor: null });
const saved = (): string[] => readdirSync(join(runDir, "checkpoints")).toSorted();
const pathOf = (step: number): string => join(runDir, "checkpoints", `step-${String(step).padStart(6, "0")}`);

describe("saveCheckpoint and loadCheckpoint", () => {
  it("lay out a run folder and give back what was saved", async () => {
    const extra = { schedule: { warmupSteps: 20 }, seed: 123 };
    const cursor = { position: 3, seed: 77, samples: 10, batchSize: 2, shuffle: true };
    const { model, optimizer, generator } = run;
    const state: TrainState = { step: 123, epoch: 24, tokensSeen: 1476, cursor };
    const saveModel = (dir: string): Promise<void> => saveTinyModel(dir, model);
    const path = await saveCheckpoint(runDir, { state, optimizer, generator, saveModel, extra });
    expect(path).toBe(pathOf(123));
    expect(readFileSync(join(runDir, "latest"), "utf8")).toBe("checkpoints/step-000123\n");
    expect(readdirSync(path).toSorted()).toEqual([
      "model.safetensors",
      "trainer_state.json",
      "training_state.safetensors",
    ]);
    expect(await latestCheckpoint(runDir)).toBe(path);
    const next = generator.random();
    generator.manualSeed(1);
    expect(await loadCheckpoint(path, run)).toEqual({ state, extra });
    expect(generator.random()).toBe(next);
  });

  it("keep the last few, and never remove checkpoints of later steps", async () => {
    await saveTinyRun(runDir, run, at(90));
    for (const step of [10, 20, 30, 40]) await saveTinyRun(runDir, run, at(step), 2);
    expect(saved()).toEqual(["step-000030", "step-000040", "step-000090"]);
    expect(await latestCheckpoint(runDir)).toBe(pathOf(40));
  });

  it("save the same step again in the place of the old one, and clear what interruptions left", async () => {
    await saveTinyRun(runDir, run, at(10));
    mkdirSync(join(runDir, "checkpoints", ".step-000020.part"));
    writeFileSync(join(pathOf(10), "mark"), "old");
    await saveTinyRun(runDir, run, at(10));
    expect(saved()).toEqual(["step-000010"]);
    expect(existsSync(join(pathOf(10), "mark"))).toBe(false);
  });

  it("leave nothing half-written when the model cannot be saved", async () => {
    await saveTinyRun(runDir, run, at(10));
    const { optimizer, generator } = run;
    const failing = saveCheckpoint(runDir, {
      state: at(20),
      optimizer,
      generator,
      saveModel: async (dir) => {
        writeFileSync(join(dir, "model.safetensors"), "half");
        throw Object.assign(new Error("write failed"), { code: "ENOSPC" });
      },
    });
    await expect(failing).rejects.toThrow(CheckpointError);
    await expect(failing).rejects.toThrow(/step-000020 \(ENOSPC\); free some space/);
    expect(saved()).toEqual(["step-000010"]);
    expect(await latestCheckpoint(runDir)).toBe(pathOf(10));
  });

  it("explain a folder that cannot be made", async () => {
    const file = join(runDir, "file");
    writeFileSync(file, "");
    for (const folder of [file, ...(process.platform === "linux" ? ["/proc/nowhere"] : [])]) {
      const error = { code: "WRITE_FAILED", message: expect.stringContaining(`Cannot make the folder ${folder}`) };
      await expect(saveTinyRun(folder, run, at(1))).rejects.toThrow(expect.objectContaining(error));
    }
  });
});

describe("latestCheckpoint", () => {
  it("is undefined in an empty or missing folder", async () => {
    expect(await latestCheckpoint(runDir)).toBeUndefined();
    expect(await latestCheckpoint(join(runDir, "nowhere"))).toBeUndefined();
  });

  it("leaves out those of too many steps", async () => {
    for (const step of [10, 20]) await saveTinyRun(runDir, run, at(step));
    expect(await latestCheckpoint(runDir, { before: 21 })).toBe(pathOf(20));
    expect(await latestCheckpoint(runDir, { before: 20 })).toBe(pathOf(10));
    expect(await latestCheckpoint(runDir, { before: 10 })).toBeUndefined();
  });

  it("skips incomplete ones, whatever `latest` says", async () => {
    for (const step of [10, 20, 30, 40]) await saveTinyRun(runDir, run, at(step));
    truncateSync(join(pathOf(40), "model.safetensors"), 100);
    expect(await latestCheckpoint(runDir)).toBe(pathOf(30));
    rmSync(join(pathOf(30), "training_state.safetensors"));
    expect(await latestCheckpoint(runDir)).toBe(pathOf(20));
    writeFileSync(join(pathOf(20), "trainer_state.json"), "{");
    expect(await latestCheckpoint(runDir)).toBe(pathOf(10));
    await expect(loadCheckpoint(pathOf(40), run)).rejects.toThrow(/model.safetensors has 100 bytes/);
    await expect(loadCheckpoint(pathOf(30), run)).rejects.toThrow(/training_state.safetensors is missing/);
    await expect(loadCheckpoint(pathOf(20), run)).rejects.toThrow(/no trainer state/);
    await expect(loadCheckpoint(join(runDir, "nowhere"), run)).rejects.toThrow(CheckpointError);
  });

  it("follows `latest` to a step before the last one, and not out of the folder", async () => {
    for (const step of [30, 10]) await saveTinyRun(runDir, run, at(step));
    expect(await latestCheckpoint(runDir)).toBe(pathOf(10));
    writeFileSync(join(runDir, "latest"), "../elsewhere/checkpoints/step-000010");
    expect(await latestCheckpoint(runDir)).toBe(pathOf(30));
  });
});

describe("loadCheckpoint", () => {
  it("refuses the checkpoint of another model", async () => {
    const path = await saveTinyRun(runDir, run, at(10));
    const optimizer = new AdamW(new Map([["other.weight", tf.variable(tf.zeros([2]))]]));
    const loading = loadCheckpoint(path, { optimizer, generator: run.generator });
    await expect(loading).rejects.toThrow(/another model: 2 tensors are missing \(m.other.weight, v.other.weight\)/);
  });

  it("changes nothing when the generator's state is broken", async () => {
    const path = await saveTinyRun(runDir, run, at(10));
    const file = join(path, "trainer_state.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"generator": ".{40}/, '"generator": "'));
    const other = new AdamW(run.model.namedParameters());
    other.advance();
    const before = run.generator.position;
    await expect(loadCheckpoint(path, { optimizer: other, generator: run.generator })).rejects.toThrow(/state/);
    expect(other.stepCount).toBe(1);
    expect(run.generator.position).toBe(before);
    other.dispose();
  });
});
