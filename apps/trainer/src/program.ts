import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import type { ChatFlags } from "./commands/chat.ts";
import type { PerplexityFlags } from "./commands/eval-perplexity.ts";
import type { GenerateFlags } from "./commands/generate.ts";
import type { QuickstartOptions } from "./commands/quickstart.ts";
import type { PretrainOptions } from "./commands/train-pretrain.ts";
import {
  addCommon,
  addCompute,
  addRuntime,
  addSampling,
  addTrainingCompute,
  addTrainingRun,
  type CommonOptions,
  context,
  positiveInteger,
  wholeNumber,
} from "./flags.ts";
import { layOutHelp } from "./help-layout.ts";
import { fill, type Messages } from "./messages/messages.ts";
import { addDataCommands } from "./data-program.ts";
import { addModelCommands } from "./model-program.ts";
import { addServeCommands } from "./serve-program.ts";
import { RUN_PRESET_NAMES } from "./preset-names.ts";
import { addClassify, addTuningCommands, addTuningEvals } from "./tuning-program.ts";

/** Every command with its flags. A command's code is loaded when it runs, so that help and usage errors are quick. */
export function buildProgram(messages: Messages): Command {
  const help = messages.help;
  const program = layOutHelp(new Command("scratch-llm").description(messages.tagline), messages)
    .version(ownVersion(), "-V, --version", messages.helpPage.version)
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // the caller tells errors, commander's and others
    .showSuggestionAfterError();

  addCommon(program.command("quickstart", { isDefault: true }).description(help.quickstart), messages)
    .option("--seed <n>", help.seed, wholeNumber)
    .option("--run-dir <folder>", help.runDir)
    .option("--max-steps <n>", help.maxSteps, positiveInteger)
    .option("--eager", help.eager)
    .allowExcessArguments()
    .action(async (options: CommonOptions & QuickstartOptions, { args: [unknown] }: Command) => {
      // The default command is given every word that is no command.
      if (unknown !== undefined) {
        program.error(`error: unknown command '${unknown}' (see --help)`, { code: "commander.unknownCommand" });
      }
      const { quickstart } = await import("./commands/quickstart.ts");
      await quickstart(options, context(options, messages));
    });

  const train = program.command("train").description(help.train);
  const pretrain = train.command("pretrain").description(help.pretrain);
  addTrainingCompute(addCommon(pretrain, messages), messages)
    .option("--data <file...>", help.data)
    .option("--preset <name>", fill(help.preset, { presets: RUN_PRESET_NAMES.join(", ") }), "quickstart")
    .option("--init <path>", help.init);
  addTrainingRun(pretrain, messages)
    .option("--no-probe", help.noProbe)
    .action(async (options: CommonOptions & PretrainOptions) => {
      const { trainPretrain } = await import("./commands/train-pretrain.ts");
      await trainPretrain(options, context(options, messages));
    });

  addTuningCommands(train, messages);

  addRuntime(
    addSampling(addCommon(program.command("generate").description(help.generate), messages), messages),
    messages,
  )
    .option("--model <path>", help.model)
    .requiredOption("--prompt <text>", help.prompt)
    .addOption(new Option("--num-beams <n>", help.numBeams).argParser(positiveInteger).conflicts(NOT_FOR_BEAMS))
    .option("--top-log-probs <n>", help.topLogProbs, positiveInteger)
    .option("--raw", help.raw)
    .action(async (flags: CommonOptions & GenerateFlags) => {
      const { generateCommand } = await import("./commands/generate.ts");
      await generateCommand(flags, context(flags, messages));
    });

  addRuntime(addSampling(addCommon(program.command("chat").description(help.chat), messages), messages), messages)
    .option("--model <path>", help.model)
    .option("-p, --prompt <text>", help.chatPrompt)
    .option("--system <text>", help.system)
    .option("--verbose", help.verbose)
    .action(async (flags: CommonOptions & ChatFlags) => {
      const { chat } = await import("./commands/chat.ts");
      await chat(flags, context(flags, messages));
    });

  const evaluate = program.command("eval").description(help.eval);
  addCompute(addCommon(evaluate.command("perplexity").description(help.perplexity), messages), messages)
    .option("--model <path>", help.model)
    .option("--data <file...>", help.data)
    .option("--batch-size <n>", help.batchSize, positiveInteger, 4)
    .option("--context-length <n>", help.contextLength, positiveInteger)
    .action(async (flags: CommonOptions & PerplexityFlags) => {
      const { evalPerplexity } = await import("./commands/eval-perplexity.ts");
      await evalPerplexity(flags, context(flags, messages));
    });

  addTuningEvals(evaluate, messages);
  addClassify(program, messages);

  addServeCommands(program, messages);
  addDataCommands(program.command("data").description(help.dataCommand), messages);
  addModelCommands(program.command("model").description(help.modelCommand), messages);

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

/** Options of `generate` that mean nothing to a beam search, which draws nothing and shows its text at the end. */
const NOT_FOR_BEAMS = ["temperature", "topK", "topP", "minP", "stop", "topLogProbs"];

/** The version of this package. */
function ownVersion(): string {
  const about = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return about.version;
}
