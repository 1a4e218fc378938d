import { readFile } from "node:fs/promises";
import { answerEnds, type ChatMessage, type PromptFormat } from "@scratch-llm/finetune-instruct";
import { generate, type GenerateStep } from "@scratch-llm/gpt";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import { TrainerError } from "../errors.ts";
import type { OpenedModel } from "../open-model.ts";
import { type SamplingFlags, samplingOptions } from "../sampling-options.ts";

/** Settings that `/set` may change, each with how its value is read. */
const SETTINGS = {
  temperature: Number,
  "top-k": Number,
  "top-p": Number,
  "min-p": Number,
  "repetition-penalty": Number,
  "max-new-tokens": Number,
  seed: Number,
} as const satisfies Record<string, (text: string) => number>;

/** Names that `/set` knows. */
export const SETTING_NAMES: readonly string[] = Object.keys(SETTINGS);

/** A conversation and the model that takes part in it. The decoder keeps what it has read, so a turn costs only its new tokens. */
export class Conversation {
  readonly #opened: OpenedModel;
  readonly #format: PromptFormat | undefined;
  #flags: SamplingFlags;
  #messages: ChatMessage[];

  /** @param format the one that the model was taught; a base model knows no roles: it sees the texts one after the other */
  constructor(opened: OpenedModel, flags: SamplingFlags & { readonly system?: string }, format?: PromptFormat) {
    this.#opened = opened;
    this.#format = format;
    this.#flags = flags;
    this.#messages = flags.system === undefined ? [] : [{ role: "system", content: flags.system }];
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /**
   * Streams the model's answer. What was written when the signal ends it stays part of the conversation; a question that
   * fails does not.
   */
  async *reply(text: string, signal: AbortSignal): AsyncGenerator<GenerateStep, void, void> {
    const { tokenizer, decoder } = this.#opened;
    const before = this.#messages;
    this.#messages = [...before, { role: "user", content: text }];
    let answer = "";
    try {
      const options = { ...samplingOptions(this.#withAnswerEnds(), tokenizer), signal };
      for await (const step of generate(decoder, this.#prompt(), options)) {
        answer += step.text;
        yield step;
      }
    } catch (error) {
      if (!signal.aborted) {
        this.#messages = before;
        throw error;
      }
    }
    this.#messages.push({ role: "assistant", content: answer });
  }

  #prompt(): Int32Array {
    const { tokenizer } = this.#opened;
    if (this.#format === undefined) return tokenizer.encode(this.#messages.map(({ content }) => content).join("\n"));
    const { specialTokens } = this.#format;
    return tokenizer.encode(this.#format.conversation(this.#messages), specialTokens ? { allowedSpecial: "all" } : {});
  }

  #withAnswerEnds(): SamplingFlags {
    if (this.#format === undefined) return this.#flags;
    return { ...this.#flags, stop: [...(this.#flags.stop ?? []), ...answerEnds(this.#format)] };
  }

  /** @throws {TrainerError} `USAGE` for a setting that there is not, or a value that is no number */
  set(name: string, text: string): void {
    if (!Object.hasOwn(SETTINGS, name)) {
      throw new TrainerError("USAGE", `There is no setting "${name}". Use one of: ${SETTING_NAMES.join(", ")}.`);
    }
    const value = SETTINGS[name as keyof typeof SETTINGS](text);
    if (text === "" || !Number.isFinite(value))
      throw new TrainerError("USAGE", `${name} takes a number; received "${text}".`);
    const key = name.replaceAll(/-([a-z])/gu, (_, letter: string) => letter.toUpperCase());
    this.#flags = { ...this.#flags, [key]: value };
  }

  /** Replaces the system message; an empty text removes it. */
  system(text: string): void {
    const rest = this.#messages.filter(({ role }) => role !== "system");
    this.#messages = text === "" ? rest : [{ role: "system", content: text }, ...rest];
  }

  /** Forgets everything but the system message. */
  clear(): void {
    this.#messages = this.#messages.filter(({ role }) => role === "system");
  }

  async save(path: string): Promise<void> {
    await writeFileAtomic(path, `${JSON.stringify({ messages: this.#messages }, null, 2)}\n`);
  }

  /** @throws {TrainerError} `DATA` when the file holds no conversation */
  async load(path: string): Promise<void> {
    const saved: unknown = await readFile(path, "utf8")
      .then(JSON.parse)
      .catch((cause: unknown) => {
        throw new TrainerError("DATA", `Cannot read a conversation from ${path}. Give a file that /save wrote.`, {
          cause,
        });
      });
    if (!isSaved(saved)) throw new TrainerError("DATA", `${path} holds no conversation. Give a file that /save wrote.`);
    this.#messages = saved.messages;
  }

  async dispose(): Promise<void> {
    await this.#opened.dispose();
  }
}

const ROLES: ReadonlySet<unknown> = new Set(["system", "user", "assistant"]);

function isSaved(value: unknown): value is { messages: ChatMessage[] } {
  const messages = (value as { messages?: unknown } | null)?.messages;
  return (
    Array.isArray(messages) &&
    messages.every((message) => ROLES.has(message?.role) && typeof message?.content === "string")
  );
}
