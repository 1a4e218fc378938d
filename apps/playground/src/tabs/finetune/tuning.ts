import { type Signal, signal } from "@preact/signals";
import { DEFAULT_TUNING } from "../../engine/defaults.ts";
import type { TuningInfo, TuningSettings } from "../../engine/protocol.ts";
import { engine, MODEL } from "../../state/engine.ts";
import { Run } from "../../state/run.ts";
import { params, TASKS } from "./params.ts";

/** One fine-tuning per task; what the engine has prepared of it, once it is. */
export interface Tuning {
  readonly task: (typeof TASKS)[number];
  readonly run: Run;
  readonly info: Signal<TuningInfo | undefined>;
}

export const TUNINGS: Readonly<Record<Tuning["task"], Tuning>> = {
  classify: tuning("classify"),
  instruct: tuning("instruct"),
};

/** Begins the fine-tuning where there is none yet, and trains to the end. */
export async function train({ task, run, info }: Tuning): Promise<void> {
  if (!info.peek()) {
    const request = { run: run.name, model: MODEL, task, settings: settingsNow(task) };
    info.value = await run.prepare(engine.stream("newTuning", request));
    if (run.pausing.peek()) return;
  }
  if (info.peek()) await run.train();
}

export async function reset({ run, info }: Tuning): Promise<void> {
  info.value = undefined;
  await run.reset();
}

function tuning(task: Tuning["task"]): Tuning {
  return { task, run: new Run(task), info: signal(undefined) };
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
