import { type Signal, signal } from "@preact/signals";
import { DEFAULT_TUNING } from "../../engine/defaults.ts";
import type { Progress, TuningInfo, TuningSettings } from "../../engine/protocol.ts";
import { engine, MODEL } from "../../state/engine.ts";
import { Run } from "../../state/run.ts";
import { params, TASKS } from "./params.ts";

/** One fine-tuning per task; what the engine has prepared of it, once it is. */
export interface Tuning {
  readonly task: (typeof TASKS)[number];
  readonly run: Run;
  readonly info: Signal<TuningInfo | undefined>;
  readonly progress: Signal<Progress | undefined>;
}

export const TUNINGS: Readonly<Record<Tuning["task"], Tuning>> = {
  classify: tuning("classify"),
  instruct: tuning("instruct"),
};

/** Begins the fine-tuning where there is none yet, and trains to the end. */
export async function train(tuning: Tuning): Promise<void> {
  if (!tuning.info.peek()) tuning.info.value = await tuning.run.prepare(() => prepared(tuning));
  if (tuning.info.peek()) await tuning.run.train();
}

export async function reset({ run, info }: Tuning): Promise<void> {
  info.value = undefined;
  run.state.value = undefined;
  run.error.value = undefined;
  run.remember([]);
  await engine.call("endRun", { run: run.name }).catch(() => {}); // there may be none
}

function tuning(task: Tuning["task"]): Tuning {
  return { task, run: new Run(task), info: signal(undefined), progress: signal(undefined) };
}

async function prepared({ task, run, progress }: Tuning): Promise<TuningInfo> {
  let result: TuningInfo | undefined;
  const request = { run: run.name, model: MODEL, task, settings: settingsNow(task) };
  for await (const item of engine.stream("newTuning", request)) {
    if (item.type === "progress") progress.value = item;
    else result = item.result;
  }
  progress.value = undefined;
  return result!;
}

function settingsNow(task: Tuning["task"]): TuningSettings {
  const { trainable, seed, epochs, rank } = params;
  return {
    ...DEFAULT_TUNING[task],
    seed: seed.value,
    epochs: epochs.value,
    rank: rank.value,
    alpha: rank.value,
    ...(trainable.value !== "default" && { trainable: trainable.value }),
  };
}
