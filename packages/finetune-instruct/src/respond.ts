import { type Decoder, generate, type GPTModel } from "@scratch-llm/gpt";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { InstructOptionError } from "./errors.ts";
import type { Task } from "./instruction.ts";
import { ALPACA, extractResponse, type PromptFormat } from "./prompt-format.ts";
import { withoutLastSpaces } from "./without-last-spaces.ts";

/** How {@link respond} asks. */
export interface RespondOptions {
  readonly model: GPTModel | Decoder;
  readonly tokenizer: Tokenizer;
  /** The format that the model was trained on. Default {@link ALPACA}. */
  readonly format?: PromptFormat;
  /** Default 256, as in the book. */
  readonly maxNewTokens?: number;
  readonly signal?: AbortSignal;
}

/** {@link respond} for many tasks. */
export interface RespondAllOptions extends RespondOptions {
  /** Tasks that are answered at the same time; the answers do not depend on it. Default 8. */
  readonly batchSize?: number;
}

/** An answer to one of many tasks. */
export interface TaskResponse {
  /** The task's place in the list. */
  readonly index: number;
  readonly response: string;
}

/**
 * The model's answer to a task, greedily (section 7.7): it continues the formatted prompt up to its end-of-text token. The mark
 * before the answer is given to it; in the book it writes that itself, and goes on in the same way.
 *
 * @example
 * await respond({ instruction: "Name a planet.", input: "" }, { model, tokenizer }); // "Mars"
 */
export async function respond(task: Task, options: RespondOptions): Promise<string> {
  const [response = ""] = await respondTogether([task], options);
  return response;
}

/**
 * Answers one task after the other, a few at the same time, in the order of the list.
 * @throws InstructOptionError unless `batchSize` is a whole number ≥ 1
 */
export async function* respondAll(
  tasks: readonly Task[],
  { batchSize = 8, ...options }: RespondAllOptions,
): AsyncGenerator<TaskResponse, void, void> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new InstructOptionError(`batchSize is ${batchSize}; give a whole number of at least 1.`);
  }
  for (let start = 0; start < tasks.length; start += batchSize) {
    const responses = await respondTogether(tasks.slice(start, start + batchSize), options);
    for (const [i, response] of responses.entries()) yield { index: start + i, response };
  }
}

/** What a model is given to answer a task: prompt and head as tokens. */
export function encodeTask(task: Task, tokenizer: Tokenizer, format: PromptFormat): Int32Array {
  const head = withoutLastSpaces(format.head);
  return tokenizer.encode(format.prompt(task) + head, format.specialTokens ? { allowedSpecial: "all" } : {});
}

/** The texts that end an answer besides the end-of-text token. */
export function answerEnds({ tail }: PromptFormat): string[] {
  return tail.trim() === "" ? [] : [tail.trim()];
}

async function respondTogether(tasks: readonly Task[], options: RespondOptions): Promise<string[]> {
  const { model, tokenizer, format = ALPACA, maxNewTokens = 256, signal } = options;
  const prompts = tasks.map((task) => encodeTask(task, tokenizer, format));
  const texts = tasks.map(() => "");
  const steps = generate(model, prompts, {
    tokenizer,
    maxNewTokens,
    eosId: tokenizer.eosId,
    stopStrings: answerEnds(format),
    signal,
  });
  for await (const { row, text } of steps) texts[row] += text;
  return texts.map((text) => extractResponse(text, format));
}
