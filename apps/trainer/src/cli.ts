import { CommanderError } from "commander";
import { describeError, explainError } from "./errors.ts";
import { en } from "./messages/en.ts";
import { chooseMessages, fill, type Messages } from "./messages/messages.ts";
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

/** One line on stderr, or the last JSON line on stdout. */
function report(error: unknown, args: readonly string[], messages: Messages): number {
  const { code, message: said, exitCode } = describeError(error);
  const message = said.replace(/^error: /u, ""); // commander's
  const output = new Output({ json: args.includes("--json"), quiet: false });
  const event = { type: "error", code: error instanceof CommanderError ? "USAGE" : code };
  output.event({ ...event, message: explainError({ code, message }, en) });
  if (code === "commander.help") return exitCode; // a verb is missing, and the help that names them stands there already
  output.note(fill(messages.errors.line, { message: explainError({ code, message }, messages) }));
  if (code === "UNEXPECTED" && process.env["SCRATCH_LLM_DEBUG"] !== undefined && error instanceof Error) {
    output.note(error.stack ?? "");
  }
  return exitCode;
}
