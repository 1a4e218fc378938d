import { spawn } from "node:child_process";

/** A program that could not be started or that failed; `output` is the end of what it printed. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** True where there is no such program. */
  readonly missing: boolean;
  readonly output: string;

  constructor(message: string, { missing, output, cause }: { missing: boolean; output: string; cause?: unknown }) {
    super(message, { cause });
    this.missing = missing;
    this.output = output;
  }
}

export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

const KEPT_OUTPUT = 20_000;

/**
 * Runs a program without a shell and without standard input.
 *
 * The child leads a process group of its own, so that its children end with it when the signal fires or this process
 * exits. When the returned promise settles, nothing of it runs any more.
 *
 * @returns the end of what it printed on standard output and standard error
 * @throws CommandError; the signal's reason where that fired.
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { signal, env = process.env } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    const kill = (): void => killGroup(child.pid);
    const settle = (): void => {
      signal?.removeEventListener("abort", kill);
      process.removeListener("exit", kill);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    signal?.addEventListener("abort", kill);
    process.on("exit", kill);
    child.on("error", (cause: NodeJS.ErrnoException) => {
      settle();
      const missing = cause.code === "ENOENT";
      reject(new CommandError(`${command} could not be started: ${cause.message}`, { missing, output, cause }));
    });
    child.on("close", (code, killedBy) => {
      settle();
      if (signal?.aborted) reject(signal.reason as Error);
      else if (code === 0) resolve(output);
      else {
        const how = killedBy ? `was ended by ${killedBy}` : `ended with exit code ${code}`;
        reject(new CommandError(`${command} ${how}`, { missing: false, output }));
      }
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

/** The last line that a program printed, for a one-line message. */
export function lastLine(output: string): string {
  return output.trim().split("\n").at(-1)?.trim() ?? "";
}
