import { Template } from "@huggingface/jinja";
import type { ChatTemplate } from "./chat-template.ts";
import { FormatError } from "./errors.ts";
import type { Task } from "./instruction.ts";
import type { ChatMessage, PromptFormat } from "./prompt-format.ts";
import { withoutLastSpaces } from "./without-last-spaces.ts";

/** Stands for an answer while the text around answers is looked for. */
const PROBE = "ANSWER";

/**
 * The format of a Hugging Face chat model: the task is the user's message (instruction, an empty line, input), the answer
 * the assistant's. The template's marks are special tokens, so use the model's own tokenizer.
 *
 * @throws FormatError `CHAT_TEMPLATE` when the template cannot be read, refuses such a chat, or writes an answer
 *   elsewhere than after its prompt
 * @example
 * const format = chatFormat({
 *   chat_template: "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}" +
 *     "{% if add_generation_prompt %}<|assistant|>{% endif %}",
 * });
 * format.prompt({ instruction: "Hello!", input: "" }); // "<|user|>Hello!<|end|><|assistant|>"
 */
export function chatFormat(config: ChatTemplate): PromptFormat {
  const render = renderer(config);
  const prompt = (task: Task): string => render([userMessage(task)], true);
  const whole = (task: Task, answer: string): string =>
    render([userMessage(task), { role: "assistant", content: answer }], false);
  const task: Task = { instruction: "Question?", input: "" };
  const around = aroundAnswer(prompt(task), whole(task, PROBE));
  const conversation = (messages: readonly ChatMessage[]): string =>
    render(messages, true) + withoutLastSpaces(around.head);
  return { prompt, whole, conversation, ...around, specialTokens: true, chatTemplate: config };
}

/** What stands between prompt and answer and after it. */
function aroundAnswer(prompt: string, whole: string): Pick<PromptFormat, "head" | "tail"> {
  const parts = whole.slice(prompt.length).split(PROBE);
  const [head, tail] = parts;
  if (whole.startsWith(prompt) && parts.length === 2 && head !== undefined && tail !== undefined) return { head, tail };
  throw new FormatError(
    "CHAT_TEMPLATE",
    `The chat template writes an answer as ${JSON.stringify(whole)}, which is not its prompt ` +
      `${JSON.stringify(prompt)} with the answer after it: use a template that only appends.`,
  );
}

function userMessage({ instruction, input }: Task): ChatMessage {
  return { role: "user", content: input ? `${instruction}\n\n${input}` : instruction };
}

function renderer(config: ChatTemplate): (messages: readonly ChatMessage[], addGenerationPrompt: boolean) => string {
  const { chat_template: source, bos_token: bos, eos_token: eos } = config;
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new FormatError("CHAT_TEMPLATE", `The chat template does not work: ${reason}`, { cause });
    }
  };
  const template = guarded(() => new Template(source));
  return (messages, addGenerationPrompt) =>
    guarded(() =>
      template.render({
        messages: [...messages],
        add_generation_prompt: addGenerationPrompt,
        bos_token: bos ?? "",
        eos_token: eos ?? "",
      }),
    );
}
