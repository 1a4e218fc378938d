import { dirname } from "node:path";
import type { PromptFormat } from "@scratch-llm/finetune-instruct";
import { FormatSetting } from "./answer-config.ts";
import { formatName, makeFormat } from "./prompt-formats.ts";
import { readSavedTuning } from "./tuning-plan.ts";

/** The format that a model was taught to answer in, and what to call it. */
export interface RunFormat {
  readonly format: PromptFormat;
  readonly name: string;
}

/** The prompt format of the run that weights belong to; undefined where it taught no answers. */
export async function runFormat(weights: string): Promise<RunFormat | undefined> {
  const saved = await readSavedTuning(dirname(dirname(weights)));
  const config = saved?.config as { data?: { format?: unknown } } | undefined;
  const setting = FormatSetting.safeParse(config?.data?.format);
  return setting.success ? { format: makeFormat(setting.data), name: formatName(setting.data) } : undefined;
}
