import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that says one line of JSON when it is ready, and answers every line of JSON with another. */
export class Worker<Question, Answer, Ready> {
  readonly ready: Ready;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(process: ChildProcess, lines: AsyncIterator<string>, ready: Ready) {
    this.#process = process;
    this.#lines = lines;
    this.ready = ready;
  }

  static async start<Question, Answer, Ready>(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Worker<Question, Answer, Ready>> {
    const process = spawn(program, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...globalThis.process.env, ...env },
    });
    const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
    return new Worker(process, lines, await next<Ready>(lines));
  }

  async ask(question: Question): Promise<Answer> {
    this.#process.stdin?.write(`${JSON.stringify(question)}\n`);
    return next<Answer>(this.#lines);
  }

  stop(): void {
    this.#process.kill();
  }
}

/** The next line of JSON; other people's words are passed over. */
async function next<T>(lines: AsyncIterator<string>): Promise<T> {
  while (true) {
    const { done, value } = await lines.next();
    if (done) throw new Error("A contender has ended: its last words are above.");
    if (value.startsWith("{")) return JSON.parse(value) as T;
  }
}
