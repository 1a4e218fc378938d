import { dirname } from "node:path";
import type { PromptFormat } from "@scratch-llm/finetune-instruct";
import { FormatSetting } from "./answer-config.ts";
import { formatName, makeFormat, ownChatTemplate, readFormat } from "./prompt-formats.ts";
import { readSavedTuning } from "./tuning-plan.ts";

/** The format that a model is asked in, and what to call it. */
export interface NamedFormat {
  readonly format: PromptFormat;
  readonly name: string;
}

/** The format that a model was taught: its run's, else the chat template in its folder; undefined where it has neither. */
export async function ownFormat(weights: string): Promise<NamedFormat | undefined> {
  const saved = await readSavedTuning(dirname(dirname(weights)));
  const config = saved?.config as { data?: { format?: unknown } } | undefined;
  const { data: setting = await ownChatTemplate(weights) } = FormatSetting.safeParse(config?.data?.format);
  return setting === undefined ? undefined : named(setting);
}

/**
 * The format that a flag names, for a model.
 * @throws {TrainerError} `DATA`
 */
export async function formatCalled(setting: string, weights: string): Promise<NamedFormat> {
  return named(await readFormat(setting, weights));
}

function named(setting: FormatSetting): NamedFormat {
  return { format: makeFormat(setting), name: formatName(setting) };
}
