import type { Command } from "commander";
import type { DataDedupeFlags } from "./commands/data-dedupe.ts";
import type { DataSplitFlags } from "./commands/data-split.ts";
import { addCommon, type CommonOptions, context, nonNegativeNumber, positiveNumber, wholeNumber } from "./flags.ts";
import type { Messages } from "./messages/messages.ts";

/** The verbs of `scratch-llm data`. */
export function addDataCommands(data: Command, messages: Messages): void {
  const { help } = messages;
  addCommon(data.command("split <file>").description(help.dataSplit), messages)
    .option("--train <share>", help.trainShare, nonNegativeNumber, 0.85)
    .option("--test <share>", help.testShare, nonNegativeNumber, 0.1)
    .option("--seed <n>", help.shuffleSeed, wholeNumber)
    .requiredOption("--out <folder>", help.out)
    .action(async (path: string, flags: CommonOptions & DataSplitFlags) => {
      const { dataSplit } = await import("./commands/data-split.ts");
      await dataSplit(path, flags, context(flags, messages));
    });
  addCommon(data.command("dedupe <file>").description(help.dataDedupe), messages)
    .option("--key <field>", help.dedupeKey)
    .option("--threshold <share>", help.threshold, positiveNumber, 0.9)
    .option("--out <file>", help.dedupeOut)
    .action(async (path: string, flags: CommonOptions & DataDedupeFlags) => {
      const { dataDedupe } = await import("./commands/data-dedupe.ts");
      await dataDedupe(path, flags, context(flags, messages));
    });
}
