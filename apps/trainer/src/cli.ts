import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { describeError } from "./errors.ts";
import { chooseMessages, fill, type Messages } from "./messages/messages.ts";
import { Output } from "./output.ts";
import { RUN_PRESET_NAMES } from "./preset-names.ts";
import type { BackendChoice } from "./bring-up.ts";

/** Flags that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly backend: BackendChoice;
}

/** What a command is given besides its own options. */
export interface Context {
  readonly output: Output;
  readonly messages: Messages;
  readonly backend: BackendChoice;
}

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

function buildProgram(messages: Messages): Command {
  const help = messages.help;
  const program = new Command("scratch-llm").description(messages.tagline).exitOverride().showSuggestionAfterError();

  addCommon(program.command("quickstart", { isDefault: true }).description(help.quickstart), messages)
    .option("--seed <n>", help.seed, wholeNumber)
    .option("--run-dir <folder>", help.runDir)
    .option("--max-steps <n>", help.maxSteps, positiveInteger)
    .action(async (options: CommonOptions & import("./commands/quickstart.ts").QuickstartOptions) => {
      const { quickstart } = await import("./commands/quickstart.ts");
      await quickstart(options, context(options, messages));
    });

  const train = program.command("train").description(help.train);
  addCommon(train.command("pretrain").description(help.pretrain), messages)
    .option("--data <file...>", help.data)
    .option("--preset <name>", fill(help.preset, { presets: RUN_PRESET_NAMES.join(", ") }), "quickstart")
    .option("--config <file>", help.config)
    .option("--set <name=value>", help.set, collect, [])
    .option("--seed <n>", help.seed, wholeNumber)
    .option("--max-steps <n>", help.maxSteps, positiveInteger)
    .option("--max-time <minutes>", help.maxTime, positiveNumber)
    .option("--run-dir <folder>", help.runDir)
    .option("--init <path>", help.init)
    .option("--resume <auto|path>", help.resume)
    .option("--keep-last <n>", help.keepLast, positiveInteger)
    .option("--dry-run", help.dryRun)
    .option("--no-probe", help.noProbe)
    .action(async (options: CommonOptions & import("./commands/train-pretrain.ts").PretrainOptions) => {
      const { trainPretrain } = await import("./commands/train-pretrain.ts");
      await trainPretrain(options, context(options, messages));
    });

  addSampling(addCommon(program.command("generate").description(help.generate), messages), messages)
    .option("--model <path>", help.model)
    .requiredOption("--prompt <text>", help.prompt)
    .option("--num-beams <n>", help.numBeams, positiveInteger)
    .option("--top-log-probs <n>", help.topLogProbs, positiveInteger)
    .action(async (flags: CommonOptions & import("./commands/generate.ts").GenerateFlags) => {
      const { generateCommand } = await import("./commands/generate.ts");
      await generateCommand(flags, context(flags, messages));
    });

  addSampling(addCommon(program.command("chat").description(help.chat), messages), messages)
    .option("--model <path>", help.model)
    .option("-p, --prompt <text>", help.chatPrompt)
    .option("--system <text>", help.system)
    .option("--verbose", help.verbose)
    .action(async (flags: CommonOptions & import("./commands/chat.ts").ChatFlags) => {
      const { chat } = await import("./commands/chat.ts");
      await chat(flags, context(flags, messages));
    });

  const evaluate = program.command("eval").description(help.eval);
  addCommon(evaluate.command("perplexity").description(help.perplexity), messages)
    .option("--model <path>", help.model)
    .option("--data <file...>", help.data)
    .option("--batch-size <n>", help.batchSize, positiveInteger, 4)
    .option("--context-length <n>", help.contextLength, positiveInteger)
    .action(async (flags: CommonOptions & import("./commands/eval-perplexity.ts").PerplexityFlags) => {
      const { evalPerplexity } = await import("./commands/eval-perplexity.ts");
      await evalPerplexity(flags, context(flags, messages));
    });

  const backend = program.command("backend").description(help.backendCommand);
  for (const [name, description] of [
    ["setup", help.backendSetup],
    ["info", help.backendInfo],
    ["remove", help.backendRemove],
  ] as const) {
    addCommon(backend.command(name).description(description), messages).action(async (options: CommonOptions) => {
      const commands = await import("./commands/backend.ts");
      await commands.BACKEND_COMMANDS[name](context(options, messages));
    });
  }
  return program;
}

function addCommon(command: Command, messages: Messages): Command {
  const { help } = messages;
  return command
    .addOption(
      new Option("--backend <name>", help.backend).choices(["auto", "native", "webgpu", "wasm", "cpu"]).default("auto"),
    )
    .option("--json", help.json)
    .option("--quiet", help.quiet)
    .option("--lang <language>", help.lang);
}

function addSampling(command: Command, { help }: Messages): Command {
  return command
    .option("--max-new-tokens <n>", help.maxNewTokens, positiveInteger, 50)
    .option("--min-new-tokens <n>", help.minNewTokens, positiveInteger)
    .option("--temperature <t>", help.temperature, nonNegativeNumber, 0)
    .option("--top-k <n>", help.topK, positiveInteger)
    .option("--top-p <p>", help.topP, positiveNumber)
    .option("--min-p <p>", help.minP, positiveNumber)
    .option("--repetition-penalty <r>", help.repetitionPenalty, positiveNumber)
    .option("--presence-penalty <x>", help.presencePenalty, anyNumber)
    .option("--frequency-penalty <x>", help.frequencyPenalty, anyNumber)
    .option("--no-repeat-ngram <n>", help.noRepeatNgram, positiveInteger)
    .option("--stop <text...>", help.stop)
    .option("--seed <n>", help.seed, wholeNumber, 123);
}

function context(options: CommonOptions, messages: Messages): Context {
  const output = new Output({ json: options.json === true, quiet: options.quiet === true });
  return { output, messages, backend: options.backend };
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

function numberWhere(accepts: (value: number) => boolean, kind: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !accepts(value)) throw new InvalidArgumentError(`It takes ${kind}.`);
    return value;
  };
}

const wholeNumber = numberWhere(
  (value) => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff,
  "a whole number from 0 to 4294967295",
);
const positiveInteger = numberWhere((value) => Number.isSafeInteger(value) && value > 0, "a whole number above 0");
const positiveNumber = numberWhere((value) => Number.isFinite(value) && value > 0, "a number above 0");
const anyNumber = numberWhere(Number.isFinite, "a number");
const nonNegativeNumber = numberWhere((value) => Number.isFinite(value) && value >= 0, "a number from 0");
