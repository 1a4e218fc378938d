import type { Context } from "../flags.ts";
import { readCorpus } from "../corpus.ts";
import { pretrain } from "../pretraining.ts";
import { resolveConfig } from "../resolve-config.ts";
import { newRunPath } from "../run-folder.ts";
import { findRun, readPlan, type RunPlan } from "../run-plan.ts";

/** The flags of `train pretrain`. */
export interface PretrainOptions {
  readonly data?: readonly string[];
  readonly preset: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly seed?: number;
  readonly maxSteps?: number;
  readonly maxTime?: number;
  readonly runDir?: string;
  readonly init?: string;
  readonly resume?: string;
  readonly keepLast?: number;
  readonly dryRun?: boolean;
  readonly probe: boolean;
  readonly precision?: "f32" | "bf16";
  readonly eager?: boolean;
}

/** `scratch-llm train pretrain`: a new run, or the rest of an earlier one. */
export async function trainPretrain(options: PretrainOptions, context: Context): Promise<void> {
  const plan = (await resumedPlan(options)) ?? (await newPlan(options));
  const { dryRun = false, probe, eager = false } = options;
  const { precision } = plan.config.train;
  await pretrain(plan, { dryRun, probe, compute: { precision, eager } }, context);
}

async function newPlan(options: PretrainOptions): Promise<RunPlan> {
  const { preset, config: configFile, set } = options;
  const assignments = [...set, ...flagAssignments(options)];
  const config = await resolveConfig({ preset, configFile, assignments });
  const corpus = await readCorpus(options.data ?? []);
  const folder = options.runDir ?? (await newRunPath(preset));
  return { preset, config, corpus, folder, ...(options.init === undefined ? {} : { init: options.init }) };
}

/** Undefined when nothing is to be resumed. Only the length of a run, what it keeps and how it computes may be changed. */
async function resumedPlan(options: PretrainOptions): Promise<RunPlan | undefined> {
  if (options.resume === undefined) return undefined;
  const found = await findRun(
    options.resume === "auto" && options.runDir !== undefined ? options.runDir : options.resume,
  );
  if (found === undefined) return undefined;
  const plan = await readPlan(found.folder);
  const { maxSteps, maxTime, keepLast, precision } = options;
  const train = {
    ...plan.config.train,
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(maxTime === undefined ? {} : { maxMinutes: maxTime }),
    ...(keepLast === undefined ? {} : { keepLast }),
    ...(precision === undefined ? {} : { precision }),
  };
  return { ...plan, ...found, config: { ...plan.config, train } };
}

/** Flags that are settings in disguise. */
function flagAssignments({ seed, maxSteps, maxTime, keepLast, precision }: PretrainOptions): string[] {
  const settings = {
    seed,
    "train.maxSteps": maxSteps,
    "train.maxMinutes": maxTime,
    "train.keepLast": keepLast,
    "train.precision": precision,
  };
  return Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
