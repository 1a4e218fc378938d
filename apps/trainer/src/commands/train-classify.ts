import type { Context } from "../flags.ts";
import { CLASSIFY_TASK } from "../tuning/classify-task.ts";
import { tuningCommand, type TuningFlags } from "../tuning/tuning-command.ts";

/** The flags of `train classify`. */
export interface ClassifyTrainingFlags extends TuningFlags {
  readonly trainable?: string;
  readonly position?: string;
  /** Rows of the book's table to run, or true for all. */
  readonly experiments?: string | true;
}

/** `scratch-llm train classify`: a model learns to tell classes apart (chapter 6), once or by the book's table. */
export async function trainClassify(flags: ClassifyTrainingFlags, context: Context): Promise<void> {
  const { trainable, position, experiments, ...common } = flags;
  const chosen = Object.entries({ trainable, position }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const options = { ...common, set: [...chosen, ...common.set] };
  if (experiments === undefined) return tuningCommand(CLASSIFY_TASK, options, context);
  const { runExperiments } = await import("../tuning/run-experiments.ts");
  return runExperiments(options, experiments === true ? undefined : experiments, context);
}
