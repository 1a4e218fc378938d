import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

/** The built command line, as users run it: `pnpm test` builds it first. */
const MAIN = new URL("../apps/trainer/dist/main.js", import.meta.url).pathname;

/** A process that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line of `--json`. */
export type Event = { readonly type: string } & Record<string, unknown>;

/** How a command is run. */
export interface TrainerProcess {
  readonly cwd: string;
  /** What it reads on standard input; null leaves that open for `child.stdin`. */
  readonly input?: string | null;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a command; `ended` is for what it leaves. */
export function startTrainer(
  args: readonly string[],
  { cwd, input = "", env = {} }: TrainerProcess,
): { child: ChildProcessWithoutNullStreams; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...process.env, LANG: "C", ...env } });
  if (input !== null) child.stdin.end(input);
  const ended = new Promise<Ended>((resolve) => {
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

/** The environment of a command that runs some code of a module first, in each of its threads. */
export function importing(code: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
}

/** Runs a command to its end. */
export function runTrainer(args: readonly string[], how: TrainerProcess): Promise<Ended> {
  return startTrainer(args, how).ended;
}

/** Runs a command, and presses Ctrl-C once it has written this. What is stopped should go on for seconds: it may be heard late. */
export function interruptTrainer(args: readonly string[], how: TrainerProcess, text: string): Promise<Ended> {
  const { child, ended } = startTrainer(args, how);
  let seen = "";
  const look = (chunk: Buffer): void => {
    seen += chunk.toString();
    if (!seen.includes(text)) return;
    child.stdout.off("data", look);
    child.kill("SIGINT");
  };
  child.stdout.on("data", look);
  return ended;
}

/** The events of `--json`, as readers of it see them. */
export function eventsOf(stdout: string): Event[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Event);
}

/** A command that listens, and where. */
export interface Listening extends ReturnType<typeof startTrainer> {
  readonly url: string;
}

/** Starts `serve` or `playground` at a port that is free, and waits for its address. */
export async function startListening(args: readonly string[], how: TrainerProcess): Promise<Listening> {
  const started = startTrainer([...args, "--json", "--port", "0"], how);
  const url = await new Promise<string>((resolve, reject) => {
    let stdout = "";
    started.child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      const event = eventsOf(stdout.slice(0, stdout.lastIndexOf("\n") + 1)).find(({ type }) => type === "listening");
      if (event !== undefined) resolve(String(event["url"]));
    });
    void started.ended.then(({ stdout: out, stderr }) => reject(new Error(out + stderr)));
  });
  return { ...started, url };
}
