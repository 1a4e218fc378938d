// A process that is killed while it saves: trains the tiny run into the folder given, and says what it does.
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { saveCheckpoint } from "../src/node/save-checkpoint.ts";
import { trainModel } from "../src/train-model.ts";
import { saveTinyModel } from "./tiny-files.ts";
import { tinyRun } from "./tiny-run.ts";
import * as tf from "@tensorflow/tfjs";

const [runDir = "", stuckAt = "none"] = process.argv.slice(2);
await tf.setBackend("cpu");
const run = tinyRun({ dropout: "fast" });
const { model, optimizer, generator } = run;

/** Saves the model; at step `stuckAt` it stops in the middle of the file and never ends. */
async function saveModel(dir: string, step: number): Promise<void> {
  if (String(step) !== stuckAt) return saveTinyModel(dir, model);
  const fd = openSync(join(dir, "model.safetensors"), "w");
  writeSync(fd, "half a file");
  closeSync(fd);
  process.stdout.write(`saving ${step}\n`);
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

const events = trainModel({
  ...run,
  epochs: 1000,
  evalEvery: 2,
  checkpointEvery: 3,
  saveCheckpoint: (state) =>
    saveCheckpoint(runDir, {
      state,
      optimizer,
      generator,
      saveModel: (dir) => saveModel(dir, state.step),
      keepLast: 3,
    }),
});
for await (const event of events) {
  if (event.type === "step" || event.type === "checkpoint") process.stdout.write(`${event.type} ${event.step}\n`);
}
