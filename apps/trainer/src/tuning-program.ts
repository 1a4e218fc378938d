import { type Command, Option } from "commander";
import type { ClassifyFlags } from "./commands/classify.ts";
import type { EvalClassifyFlags } from "./commands/eval-classify.ts";
import type { EvalInstructFlags } from "./commands/eval-instruct.ts";
import type { ClassifyTrainingFlags } from "./commands/train-classify.ts";
import {
  addCommon,
  addCompute,
  addTrainingCompute,
  addTrainingRun,
  type CommonOptions,
  context,
  httpAddress,
  positiveInteger,
} from "./flags.ts";
import { fill, type Messages } from "./messages/messages.ts";
import {
  CLASSIFY_PRESET_NAMES,
  DPO_PRESET_NAMES,
  INSTRUCT_PRESET_NAMES,
  TOKEN_POSITIONS,
  TRAINABLE_LAYERS,
} from "./preset-names.ts";
import type { TuningFlags } from "./tuning/tuning-command.ts";

/** Adds `train classify`, `train instruct` and `train dpo`. */
export function addTuningCommands(train: Command, messages: Messages): void {
  const { help } = messages;
  const classify = train.command("classify").description(help.classifyTraining);
  addTuningFlags(classify, help.labeled, CLASSIFY_PRESET_NAMES, messages)
    .addOption(
      new Option("--trainable <layers>", fill(help.trainable, { layers: TRAINABLE_LAYERS.join(", ") })).choices(
        TRAINABLE_LAYERS,
      ),
    )
    .addOption(
      new Option("--position <token>", fill(help.position, { positions: TOKEN_POSITIONS.join(", ") })).choices(
        TOKEN_POSITIONS,
      ),
    )
    .addOption(new Option("--experiments [rows]", help.experiments).conflicts(NOT_FOR_EXPERIMENTS))
    .action(async (flags: CommonOptions & ClassifyTrainingFlags) => {
      const { trainClassify } = await import("./commands/train-classify.ts");
      await trainClassify(flags, context(flags, messages));
    });
  const instruct = train.command("instruct").description(help.instruct);
  const entries = (fields: string): string => fill(help.entries, { fields });
  addTuningFlags(instruct, entries("instruction, input, output"), INSTRUCT_PRESET_NAMES, messages).action(
    async (flags: CommonOptions & TuningFlags) => {
      const { trainInstruct } = await import("./commands/train-instruct.ts");
      await trainInstruct(flags, context(flags, messages));
    },
  );
  const dpo = train.command("dpo").description(help.dpo);
  addTuningFlags(dpo, entries("instruction, input, chosen, rejected"), DPO_PRESET_NAMES, messages).action(
    async (flags: CommonOptions & TuningFlags) => {
      const { trainDpo } = await import("./commands/train-dpo.ts");
      await trainDpo(flags, context(flags, messages));
    },
  );
}

/** Options of `train classify` that mean nothing to the book's table, whose rows say what is trained, and whole. */
const NOT_FOR_EXPERIMENTS = ["trainable", "position", "lora", "maxSteps", "maxTime", "resume", "keepLast", "dryRun"];

function addTuningFlags(command: Command, data: string, presets: readonly string[], messages: Messages): Command {
  const { help } = messages;
  addTrainingCompute(addCommon(command, messages), messages)
    .option("--data <file>", data)
    .option("--init <path>", help.tuningInit)
    .option("--lora", help.lora)
    .option("--preset <name>", fill(help.tuningPreset, { presets: presets.join(", ") }));
  return addTrainingRun(command, messages);
}

/** Adds `eval classify` and `eval instruct`. */
export function addTuningEvals(evaluate: Command, messages: Messages): void {
  const { help } = messages;
  addCompute(addCommon(evaluate.command("classify").description(help.evalClassify), messages), messages)
    .option("--model <path>", help.classifierModel)
    .option("--data <file>", help.evalLabeled)
    .option("--batch-size <n>", help.together, positiveInteger, 8)
    .action(async (flags: CommonOptions & EvalClassifyFlags) => {
      const { evalClassify } = await import("./commands/eval-classify.ts");
      await evalClassify(flags, context(flags, messages));
    });
  addCommon(evaluate.command("instruct").description(help.evalInstruct), messages)
    .option("--model <path>", help.model)
    .option("--data <file>", help.evalEntries)
    .option("--format <name>", help.promptFormat)
    .option("--limit <n>", help.limit, positiveInteger)
    .option("--max-new-tokens <n>", help.maxNewTokens, positiveInteger)
    .option("--batch-size <n>", help.together, positiveInteger, 8)
    .option("--judge <url>", help.judge, httpAddress)
    .option("--judge-model <name>", help.judgeModel, "llama3")
    .option("--concurrency <n>", help.concurrency, positiveInteger, 4)
    .option("--out <folder>", help.out)
    .option("--eager", help.eager)
    .action(async (flags: CommonOptions & EvalInstructFlags) => {
      const { evalInstruct } = await import("./commands/eval-instruct.ts");
      await evalInstruct(flags, context(flags, messages));
    });
}

/** Adds `classify`. */
export function addClassify(program: Command, messages: Messages): void {
  const { help } = messages;
  addCompute(addCommon(program.command("classify [text...]").description(help.classify), messages), messages)
    .option("--model <path>", help.classifierModel)
    .option("--file <file>", help.classifyFile)
    .option("--batch-size <n>", help.together, positiveInteger, 8)
    .action(async (texts: string[], flags: CommonOptions & ClassifyFlags) => {
      const { classify } = await import("./commands/classify.ts");
      await classify(texts, flags, context(flags, messages));
    });
}
