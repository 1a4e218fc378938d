import { createInterface, type Interface } from "node:readline/promises";
import type { Context } from "../flags.ts";
import { describeError, explainError, TrainerError } from "../errors.ts";
import { takeInterrupts } from "../interrupt.ts";
import { fill } from "../messages/messages.ts";
import { type Conversation, SETTING_NAMES } from "./conversation.ts";

/** Begins and ends a message of several lines. */
const QUOTES = '"""';

/** How a chat is held. */
export interface ReplOptions {
  /** What kind of model it is. */
  readonly welcome: string;
  /** Tells the speed after each answer. */
  readonly verbose: boolean;
}

/** The words of a chat: reads lines, answers them, obeys /commands. Ctrl-C stops the answer, Ctrl-D or /bye ends the chat. */
export class ChatRepl {
  readonly #conversation: Conversation;
  readonly #context: Context;
  readonly #welcome: string;
  #verbose: boolean;
  #reply: AbortController | undefined;
  /** Whether Ctrl-C was pressed since the last message: once more at an empty prompt ends the chat. */
  #wasInterrupted = false;

  constructor(conversation: Conversation, context: Context, { welcome, verbose }: ReplOptions) {
    this.#conversation = conversation;
    this.#context = context;
    this.#welcome = welcome;
    this.#verbose = verbose;
  }

  async run(input: NodeJS.ReadStream, screen: NodeJS.WriteStream): Promise<void> {
    const { output, messages } = this.#context;
    output.note(this.#welcome);
    output.note(messages.chat.hint);
    const lines = createInterface({ input, output: screen, terminal: input.isTTY === true, prompt: ">>> " });
    const release = takeInterrupts(() => this.#onInterrupt(lines));
    lines.on("SIGINT", () => this.#onInterrupt(lines));
    try {
      await this.#readMessages(lines, input.isTTY === true);
    } finally {
      release();
      lines.close();
      await this.#conversation.dispose();
    }
  }

  /** Answers one message on stdout. */
  async answer(text: string): Promise<void> {
    const { output, messages } = this.#context;
    this.#reply = new AbortController();
    const started = performance.now();
    const ids: number[] = [];
    let written = "";
    for await (const step of this.#conversation.reply(text, this.#reply.signal)) {
      ids.push(step.id);
      written += step.text;
      output.stream(step.text);
      output.event({ type: "token", id: step.id, text: step.text });
    }
    const stopped = this.#reply.signal.aborted;
    this.#reply = undefined;
    output.result("");
    const seconds = (performance.now() - started) / 1000;
    output.event({ type: "done", ids, text: written, stopped, seconds });
    if (!this.#verbose) return;
    const values = { tokens: ids.length, seconds: seconds.toFixed(2), speed: (ids.length / seconds).toFixed(1) };
    output.note(fill(messages.chat.stats, values));
  }

  async #readMessages(lines: Interface, showPrompt: boolean): Promise<void> {
    const ask = (): void => {
      if (showPrompt) lines.prompt();
    };
    let block: string[] | undefined;
    ask();
    for await (const line of lines) {
      this.#wasInterrupted = false;
      if (block === undefined && line.startsWith(QUOTES)) block = [];
      const part = block?.length === 0 && line.startsWith(QUOTES) ? line.slice(QUOTES.length) : line;
      if (block !== undefined && !part.endsWith(QUOTES)) {
        block.push(part);
        continue;
      }
      const message: string = block === undefined ? line : [...block, part.slice(0, -QUOTES.length)].join("\n").trim();
      const isBlock = block !== undefined;
      block = undefined;
      if (!(await this.#take(message, isBlock))) return;
      ask();
    }
  }

  /** One line or block; false ends the chat. An error is told and the chat goes on. */
  async #take(message: string, isBlock: boolean): Promise<boolean> {
    if (message.trim() === "") return true;
    try {
      if (!isBlock && message.startsWith("/")) return await this.#obey(message);
      await this.answer(message);
    } catch (error) {
      const { output, messages } = this.#context;
      output.note(fill(messages.errors.line, { message: explainError(describeError(error), messages) }));
    }
    return true;
  }

  /** A /command; false ends the chat. */
  async #obey(line: string): Promise<boolean> {
    const [name = "", ...words] = line.slice(1).trim().split(/\s+/u);
    const rest = words.join(" ");
    const { output, messages } = this.#context;
    const commands: Readonly<Record<string, () => void | Promise<void>>> = {
      set: () => this.#set(words),
      system: () => this.#conversation.system(rest),
      clear: () => this.#conversation.clear(),
      save: () => this.#conversation.save(requireFile(rest, "/save")),
      load: () => this.#conversation.load(requireFile(rest, "/load")),
      help: () => output.note(messages.chat.help),
    };
    if (name === "bye" || name === "exit") return false;
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new TrainerError("USAGE", fill(messages.chat.unknown, { name }));
    await command();
    return true;
  }

  #set([name = "", value = ""]: readonly string[]): void {
    if (name === "verbose") this.#verbose = value !== "off";
    else if (name === "") this.#context.output.note([...SETTING_NAMES, "verbose"].join(", "));
    else this.#conversation.set(name, value);
  }

  /** Stops the answer, else gives up the line that is being typed, else says how to leave, and at last leaves. */
  #onInterrupt(lines: Interface): void {
    const again = this.#wasInterrupted;
    this.#wasInterrupted = true;
    if (this.#reply !== undefined) return this.#reply.abort();
    if (lines.line === "" && again) return lines.close();
    const { output, messages } = this.#context;
    output.note(lines.line === "" ? `\n${messages.chat.howToLeave}` : "");
    if (!lines.terminal) return;
    lines.write(null, { ctrl: true, name: "e" }); // to the end of the line, and away with all before it
    lines.write(null, { ctrl: true, name: "u" });
    lines.prompt();
  }
}

function requireFile(path: string, command: string): string {
  if (path === "") throw new TrainerError("USAGE", `${command} takes a file, such as ${command} talk.json.`);
  return path;
}
