import type { Context } from "../flags.ts";
import { readCorpus } from "../corpus.ts";
import { continuedSettings, flagAssignments, type TrainingFlags } from "../loop-flags.ts";
import { pretrain } from "../pretraining.ts";
import { resolveConfig } from "../resolve-config.ts";
import { newRunPath } from "../run-folder.ts";
import { findRun, readPlan, type RunPlan } from "../run-plan.ts";
import { computeOptions } from "../step-compiler.ts";

/** The flags of `train pretrain`. */
export interface PretrainOptions extends TrainingFlags {
  readonly data?: readonly string[];
  readonly preset: string;
  readonly probe: boolean;
}

/** `scratch-llm train pretrain`: a new run, or the rest of an earlier one. */
export async function trainPretrain(options: PretrainOptions, context: Context): Promise<void> {
  const plan = (await resumedPlan(options)) ?? (await newPlan(options));
  const { dryRun = false, probe, eager } = options;
  await pretrain(plan, { dryRun, probe, compute: computeOptions({ ...plan.config.train, eager }) }, context);
}

async function newPlan(options: PretrainOptions): Promise<RunPlan> {
  const { preset, config: configFile, set } = options;
  const assignments = [...set, ...flagAssignments(options)];
  const config = await resolveConfig({ preset, configFile, assignments });
  const corpus = await readCorpus(options.data ?? []);
  const folder = options.runDir ?? (await newRunPath(preset));
  return { preset, config, corpus, folder, ...(options.init === undefined ? {} : { init: options.init }) };
}

/** Undefined when nothing is to be resumed. */
async function resumedPlan(options: PretrainOptions): Promise<RunPlan | undefined> {
  if (options.resume === undefined) return undefined;
  const found = await findRun(
    options.resume === "auto" && options.runDir !== undefined ? options.runDir : options.resume,
  );
  if (found === undefined) return undefined;
  const plan = await readPlan(found.folder);
  const train = continuedSettings(plan.config.train, options);
  return { ...plan, ...found, config: { ...plan.config, train } };
}
