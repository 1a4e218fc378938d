import { CommanderError } from "commander";
import { describeError } from "./errors.ts";
import { chooseMessages, type Messages } from "./messages/messages.ts";
import { Output } from "./output.ts";
import { buildProgram } from "./program.ts";

/** Runs the command line and answers with the exit code: 0, 1 for a failure, 2 for wrong usage, 130 after Ctrl-C. */
export async function runCli(args: readonly string[]): Promise<number> {
  const messages = chooseMessages(args);
  const program = buildProgram(messages);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return report(error, args, messages);
  }
}

/** One line on stderr, or the last JSON line on stdout. Commander has already printed its own usage errors. */
function report(error: unknown, args: readonly string[], messages: Messages): number {
  const { code, message, exitCode } = describeError(error);
  const output = new Output({ json: args.includes("--json"), quiet: false });
  const usage = error instanceof CommanderError;
  output.event({ type: "error", code: usage ? "USAGE" : code, message: message.replace(/^error: /u, "") });
  if (!usage || output.json) output.note(`${messages.errors.prefix}: ${message}`);
  if (code === "UNEXPECTED" && process.env["SCRATCH_LLM_DEBUG"] !== undefined && error instanceof Error) {
    output.note(error.stack ?? "");
  }
  return exitCode;
}
