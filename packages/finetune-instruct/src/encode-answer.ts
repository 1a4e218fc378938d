import type { EncodeOptions, Tokenizer } from "@scratch-llm/tokenizer";
import type { Task } from "./instruction.ts";
import type { PromptFormat } from "./prompt-format.ts";

/** A task and an answer as tokens. */
export interface EncodedAnswer {
  /** Prompt, head, answer, tail. */
  readonly ids: Int32Array;
  /** How many of them are the prompt. */
  readonly promptLength: number;
  /** Where the answer itself begins, after the head. */
  readonly answerStart: number;
}

/** Encodes a task with an answer. A special token in the data is refused, unless the format's own marks are special. */
export function encodeAnswer(task: Task, answer: string, tokenizer: Tokenizer, format: PromptFormat): EncodedAnswer {
  const options: EncodeOptions = format.specialTokens ? { allowedSpecial: "all" } : {};
  const ids = tokenizer.encode(format.whole(task, answer), options);
  // Tokens may reach across the seams; what agrees with the start alone is certain to belong to it.
  const lengthOf = (start: string): number => commonLength(tokenizer.encode(start, options), ids);
  const prompt = format.prompt(task);
  return { ids, promptLength: lengthOf(prompt), answerStart: lengthOf(prompt + format.head) };
}

function commonLength(a: Int32Array, b: Int32Array): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
