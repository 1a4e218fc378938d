import type { Context } from "../flags.ts";
import { findModel } from "../find-model.ts";
import { continuedSettings, flagAssignments, type TrainingFlags } from "../loop-flags.ts";
import { resolveSettings } from "../resolve-config.ts";
import { newRunPath } from "../run-folder.ts";
import { findRun } from "../run-plan.ts";
import { computeOptions } from "../step-compiler.ts";
import { readDataFile } from "./data-file.ts";
import { tune } from "./tune.ts";
import { DEFAULT_LORA, type TuningConfig } from "./tuning-config.ts";
import { readTuningPlan, type TuningPlan } from "./tuning-plan.ts";
import type { TuningTask } from "./tuning-task.ts";

/** The flags of every fine-tuning. */
export interface TuningFlags extends TrainingFlags {
  readonly data?: string;
  readonly lora?: boolean;
  readonly preset?: string;
}

/** A new fine-tuning run, or the rest of an earlier one. */
export async function tuningCommand<C extends TuningConfig>(
  task: TuningTask<C>,
  flags: TuningFlags,
  context: Context,
): Promise<void> {
  const plan = (await resumedPlan(task, flags)) ?? (await newPlan(task, flags, context));
  const { dryRun = false, eager } = flags;
  await tune(task, plan, { dryRun, compute: computeOptions({ ...plan.config.train, eager }) }, context);
}

async function newPlan<C extends TuningConfig>(
  { command, settings, builtIn, bookPreset, settle }: TuningTask<C>,
  flags: TuningFlags,
  { messages }: Context,
): Promise<TuningPlan<C>> {
  const preset = flags.preset ?? (flags.data === undefined ? "quickstart" : bookPreset);
  const lora = flags.lora === true ? [`lora=${JSON.stringify(DEFAULT_LORA)}`] : [];
  const assignments = [...lora, ...flags.set, ...flagAssignments(flags)];
  const resolved = await resolveSettings(settings, { preset, configFile: flags.config, assignments });
  const data = await readDataFile(flags.data, builtIn);
  const init = await findModel(flags.init, messages);
  const config = await settle(resolved, init);
  const folder = flags.runDir ?? (await newRunPath(command));
  return { command, preset, config, data, init, folder };
}

/** Undefined when nothing is to be resumed. */
async function resumedPlan<C extends TuningConfig>(
  { command, settings, builtIn }: TuningTask<C>,
  flags: TuningFlags,
): Promise<TuningPlan<C> | undefined> {
  const { resume, runDir } = flags;
  if (resume === undefined) return undefined;
  const found = await findRun(resume === "auto" && runDir !== undefined ? runDir : resume);
  if (found === undefined) return undefined;
  const plan = await readTuningPlan(found.folder, command, settings, builtIn);
  const train = continuedSettings(plan.config.train, flags);
  return { ...plan, ...found, config: { ...plan.config, train } };
}
