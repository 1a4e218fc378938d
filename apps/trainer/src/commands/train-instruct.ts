import type { Context } from "../flags.ts";
import { INSTRUCT_TASK } from "../tuning/instruct-task.ts";
import { tuningCommand, type TuningFlags } from "../tuning/tuning-command.ts";

/** `scratch-llm train instruct`: a model learns to answer (chapter 7). */
export function trainInstruct(flags: TuningFlags, context: Context): Promise<void> {
  return tuningCommand(INSTRUCT_TASK, flags, context);
}
