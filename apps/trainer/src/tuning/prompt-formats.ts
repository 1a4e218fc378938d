import { readFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import {
  ALPACA,
  type ChatTemplate,
  chatFormat,
  PHI3,
  type PromptFormat,
  type PromptTemplate,
  templateFormat,
} from "@scratch-llm/finetune-instruct";
import { TrainerError } from "../errors.ts";
import { readText } from "../text-data.ts";

/** Formats that need no file. */
const NAMED: Readonly<Record<string, PromptFormat>> = { alpaca: ALPACA, phi3: PHI3 };

/**
 * The prompt format of a setting: `alpaca`, `phi3`, `chat` (the chat template beside the model's weights), or a file: JSON with
 * instruction, input and response, a `tokenizer_config.json`, or a Jinja chat template.
 *
 * @param weights the model's folder or file
 * @throws {TrainerError} `DATA`
 * @throws {FormatError}
 */
export async function findFormat(setting: string, weights: string): Promise<PromptFormat> {
  if (Object.hasOwn(NAMED, setting)) return NAMED[setting] as PromptFormat;
  if (setting === "chat") return ownChatFormat(weights);
  const text = await readText(setting);
  if (extname(setting) !== ".json") return chatFormat({ chat_template: text });
  const content = parseObject(text, setting);
  if (typeof content["chat_template"] === "string") return chatFormat(content as unknown as ChatTemplate);
  return templateFormat(content as unknown as PromptTemplate);
}

async function ownChatFormat(weights: string): Promise<PromptFormat> {
  const folder = extname(weights) === "" ? weights : dirname(weights);
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8").catch(() => "");
  const config = parseObject((await read("tokenizer_config.json")) || "{}", join(folder, "tokenizer_config.json"));
  const template = (await read("chat_template.jinja")) || config["chat_template"];
  if (typeof template === "string") return chatFormat({ ...config, chat_template: template });
  throw new TrainerError(
    "DATA",
    `${folder} has no chat_template in its tokenizer_config.json. Use --set data.format=alpaca, phi3 or a file.`,
  );
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
