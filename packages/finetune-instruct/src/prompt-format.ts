import { type ChatTemplate, toChatTemplate } from "./chat-template.ts";
import { FormatError } from "./errors.ts";
import type { Instruction, Task } from "./instruction.ts";
import { withoutLastSpaces } from "./without-last-spaces.ts";

/** Who said what. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** How a task and its answer become one text: prompt, `head`, answer, `tail`. The model continues the prompt. */
export interface PromptFormat {
  /** The text that the model is to continue. */
  prompt(task: Task): string;
  /** The whole text, which is trained on. */
  whole(task: Task, answer: string): string;
  /** The text that the model is to continue with the assistant's next message. */
  conversation(messages: readonly ChatMessage[]): string;
  /** Between prompt and answer, such as "\n\n### Response:\n". The model learns to write it. */
  readonly head: string;
  /** After the answer; where the model writes it, the answer is over. */
  readonly tail: string;
  /** Whether the format's own marks are special tokens of the tokenizer. */
  readonly specialTokens: boolean;
  /** The same format as Hugging Face's tools are told of it. */
  readonly chatTemplate: ChatTemplate;
}

/**
 * A format as data, so that a file can hold one: `{instruction}` and `{input}` are replaced by the task's, `{output}` by
 * the answer.
 */
export interface PromptTemplate {
  /** Begins every prompt; has `{instruction}`. */
  readonly instruction: string;
  /** Follows where the task has an input; has `{input}`. */
  readonly input: string;
  /** The answer and what stands around it; has `{output}`. */
  readonly response: string;
}

/** The fields of a template, each with its placeholder. */
const PARTS = ["instruction", "input", "response"] as const satisfies readonly (keyof PromptTemplate)[];
const PLACEHOLDER_OF: Readonly<Record<keyof PromptTemplate, string>> = {
  instruction: "instruction",
  input: "input",
  response: "output",
};

/**
 * Makes a format of a template.
 * @throws FormatError `UNKNOWN_PLACEHOLDER` or `MISSING_PLACEHOLDER` where a part lacks its own or has another
 * @example
 * const format = templateFormat({ instruction: "Q: {instruction}", input: " {input}", response: "\nA: {output}" });
 * format.prompt({ instruction: "Double it.", input: "21" }); // "Q: Double it. 21"
 */
export function templateFormat(template: PromptTemplate): PromptFormat {
  for (const part of PARTS) checkPart(part, template[part]);
  const [head = "", tail = ""] = template.response.split("{output}");
  const prompt = ({ instruction, input }: Task): string => {
    // Functions, for a replacement text would read $& and the like in the task.
    const asked = template.instruction.replace("{instruction}", () => instruction);
    return input ? asked + template.input.replace("{input}", () => input) : asked;
  };
  const whole = (task: Task, answer: string): string => prompt(task) + head + answer + tail;
  const conversation = (messages: readonly ChatMessage[]): string => {
    const { answered, asked } = asTasks(messages);
    const before = answered.map(([task, answer]) => `${whole(task, answer)}\n\n`);
    return before.join("") + prompt(asked) + withoutLastSpaces(head);
  };
  return { prompt, whole, conversation, head, tail, specialTokens: false, chatTemplate: toChatTemplate(template) };
}

/** A conversation as tasks: what is said before an answer, by the system or the user, is one instruction. */
function asTasks(messages: readonly ChatMessage[]): { answered: [Task, string][]; asked: Task } {
  const answered: [Task, string][] = [];
  let said: string[] = [];
  const task = (): Task => ({ instruction: said.join("\n\n"), input: "" });
  for (const { role, content } of messages) {
    if (role === "assistant") {
      answered.push([task(), content]);
      said = [];
    } else said.push(content);
  }
  return { answered, asked: task() };
}

function checkPart(part: keyof PromptTemplate, text: unknown): void {
  const own = PLACEHOLDER_OF[part];
  const found = typeof text === "string" ? [...text.matchAll(/\{(\w+)\}/gu)].map((match) => match[1]) : [];
  const unknown = found.find((name) => name !== own);
  if (unknown !== undefined) {
    throw new FormatError(
      "UNKNOWN_PLACEHOLDER",
      `The format's "${part}" has the unknown placeholder {${unknown}}; it may only have {${own}}.`,
    );
  }
  if (found.length === 1) return;
  throw new FormatError(
    "MISSING_PLACEHOLDER",
    `The format's "${part}" is ${JSON.stringify(text)}; it must be a text that has {${own}} once.`,
  );
}

/** Alpaca's format, which the book trains on (section 7.2): Taori et al., Stanford Alpaca, 2023. */
export const ALPACA: PromptFormat = /* @__PURE__ */ templateFormat({
  instruction:
    "Below is an instruction that describes a task. Write a response that appropriately completes the request." +
    "\n\n### Instruction:\n{instruction}",
  input: "\n\n### Input:\n{input}",
  response: "\n\n### Response:\n{output}",
});

/** Phi-3's format as the book writes it (exercise 7.1): shorter, so faster to train on. */
export const PHI3: PromptFormat = /* @__PURE__ */ templateFormat({
  instruction: "<|user|>\n{instruction}",
  input: "\n{input}",
  response: "\n<|assistant|>:\n{output}",
});

/** The book's `format_input` (listing 7.2): the prompt in Alpaca's format. */
export function formatInput(task: Task): string {
  return ALPACA.prompt(task);
}

/** The whole text of an entry, which is trained on. */
export function formatEntry(entry: Instruction, format: PromptFormat = ALPACA): string {
  return format.whole(entry, entry.output);
}

/** The answer in what a model has written after the prompt: without the head before it and without the tail and beyond. */
export function extractResponse(written: string, { head, tail }: PromptFormat = ALPACA): string {
  const [mark, end] = [head.trim(), tail.trim()];
  const text = written.trimStart();
  const answer = text.startsWith(mark) ? text.slice(mark.length) : text;
  const length = end === "" ? -1 : answer.indexOf(end);
  return (length < 0 ? answer : answer.slice(0, length)).trim();
}
