import type { Context } from "../flags.ts";
import { DPO_TASK } from "../tuning/dpo-task.ts";
import { tuningCommand, type TuningFlags } from "../tuning/tuning-command.ts";

/** `scratch-llm train dpo`: a model learns which answers are preferred (the DPO notebook of chapter 7). */
export function trainDpo(flags: TuningFlags, context: Context): Promise<void> {
  return tuningCommand(DPO_TASK, flags, context);
}
