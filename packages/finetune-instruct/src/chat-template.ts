import type { PromptTemplate } from "./prompt-format.ts";
import { withoutLastSpaces } from "./without-last-spaces.ts";

/** What a `tokenizer_config.json` says of a chat, in its spelling. */
export interface ChatTemplate {
  /** The Jinja source. */
  readonly chat_template: string;
  readonly bos_token?: string | null;
  readonly eos_token?: string | null;
}

/** The same format for Hugging Face's tools, in Jinja: what is said before an answer is one instruction. */
export function toChatTemplate({ instruction, response }: PromptTemplate): ChatTemplate {
  const [before = "", after = ""] = instruction.split("{instruction}");
  const [head = "", tail = ""] = response.split("{output}");
  const text = JSON.stringify; // a string in JSON is one in Jinja
  const asked = `ns.gap + ${text(before)} + (ns.said | join("\\n\\n"))`;
  const source = `
    {%- set ns = namespace(said=[], gap="") -%}
    {%- for message in messages -%}
      {%- if message.role == "assistant" -%}
        {{- ${asked} + ${text(after + head)} + message.content + ${text(tail)} -}}
        {%- set ns.said = [] -%}
        {%- set ns.gap = "\\n\\n" -%}
      {%- else -%}
        {%- set ns.said = ns.said + [message.content] -%}
      {%- endif -%}
    {%- endfor -%}
    {%- if add_generation_prompt -%}
      {{- ${asked} + ${text(after + withoutLastSpaces(head))} -}}
    {%- endif -%}`;
  return { chat_template: source.replaceAll(/\n +/gu, "\n").trim() };
}
