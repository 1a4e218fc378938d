import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { ALPACA, chatFormat, PHI3, type PromptFormat, templateFormat } from "@scratch-llm/finetune-instruct";
import { TrainerError } from "../errors.ts";
import { folderOf } from "../exported-model.ts";
import { readText } from "../text-data.ts";
import { FormatSetting } from "./answer-config.ts";

/** Formats that need no file. */
const NAMED: Readonly<Record<string, PromptFormat>> = { alpaca: ALPACA, phi3: PHI3 };

/**
 * A setting with the contents of what it names: `chat` is the chat template beside the model's weights; a file is JSON with
 * instruction, input and response, a `tokenizer_config.json`, or a Jinja chat template.
 *
 * @param weights the model's folder or file
 * @throws {TrainerError} `DATA`
 */
export async function readFormat(setting: FormatSetting, weights: string): Promise<FormatSetting> {
  if (typeof setting !== "string" || Object.hasOwn(NAMED, setting)) return setting;
  if (setting === "chat") {
    const own = await ownChatTemplate(weights);
    if (own !== undefined) return own;
    const advice = "Use --set data.format=alpaca, phi3 or a file.";
    throw new TrainerError("DATA", `${weights} has no chat_template in its tokenizer_config.json. ${advice}`);
  }
  if (!existsSync(setting)) {
    const advice = "Use alpaca, phi3, chat or the path of a file.";
    throw new TrainerError("DATA", `There is no format and no file "${setting}". ${advice}`);
  }
  const text = await readText(setting);
  if (extname(setting) !== ".json") return { chat_template: text };
  const content = parseObject(text, setting);
  const checked = FormatSetting.safeParse(chatTemplateOf(content) ?? content);
  if (checked.success) return checked.data;
  throw new TrainerError("DATA", `${setting} is no format: give instruction, input and response, or a chat_template.`);
}

/**
 * The format of a setting that {@link readFormat} has read.
 * @throws {FormatError}
 */
export function makeFormat(setting: FormatSetting): PromptFormat {
  if (typeof setting === "string") return NAMED[setting] ?? ALPACA;
  if (!("chat_template" in setting)) return templateFormat(setting);
  const { chat_template, bos_token = null, eos_token = null } = setting;
  return chatFormat({ chat_template, bos_token, eos_token });
}

/** What to call a format. */
export function formatName(setting: FormatSetting): string {
  if (typeof setting === "string") return setting;
  return "chat_template" in setting ? "chat template" : "own template";
}

/** The chat template beside a model's weights; undefined where there is none. */
export async function ownChatTemplate(weights: string): Promise<FormatSetting | undefined> {
  const folder = folderOf(weights);
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8").catch(() => "");
  const config = parseObject((await read("tokenizer_config.json")) || "{}", join(folder, "tokenizer_config.json"));
  const template = await read("chat_template.jinja");
  return chatTemplateOf(template === "" ? config : { ...config, chat_template: template });
}

/** What a `tokenizer_config.json` says of a chat; undefined where it has no template. */
function chatTemplateOf(config: Readonly<Record<string, unknown>>): FormatSetting | undefined {
  const token = (name: string): string | null => {
    const value = config[name];
    const text = typeof value === "object" && value !== null && "content" in value ? value.content : value;
    return typeof text === "string" ? text : null;
  };
  const { chat_template: template } = config;
  if (typeof template !== "string") return undefined;
  return { chat_template: template, bos_token: token("bos_token"), eos_token: token("eos_token") };
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null) return content as Record<string, unknown>;
  } catch {
    // The error below names the file.
  }
  throw new TrainerError("DATA", `${path} is no JSON object. Give a format with instruction, input and response.`);
}
