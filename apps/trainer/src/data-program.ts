import type { Command } from "commander";
import type { DataDownloadFlags, DataPrepareFlags } from "./commands/data.ts";
import type { DataDedupeFlags } from "./commands/data-dedupe.ts";
import type { DataSplitFlags } from "./commands/data-split.ts";
import { addCommon, type CommonOptions, context, nonNegativeNumber, positiveNumber, wholeNumber } from "./flags.ts";
import type { Messages } from "./messages/messages.ts";

/** The verbs of `scratch-llm data`. */
export function addDataCommands(data: Command, messages: Messages): void {
  const { help } = messages;
  const load = (): Promise<typeof import("./commands/data.ts")> => import("./commands/data.ts");
  addCommon(data.command("download <name>").description(help.dataDownload), messages)
    .option("--endpoint <url>", help.dataEndpoint)
    .option("--out <folder>", help.dataFolder, "data")
    .action(async (name: string, flags: CommonOptions & DataDownloadFlags) =>
      (await load()).download(name, flags, context(flags, messages)),
    );
  addCommon(data.command("list").description(help.dataList), messages).action(async (flags: CommonOptions) =>
    (await load()).list(context(flags, messages)),
  );
  addCommon(data.command("prepare <name|file>").description(help.dataPrepare), messages)
    .option("--out <folder>", help.dataOut)
    .option("--endpoint <url>", help.dataEndpoint)
    .option("--no-balance", help.noBalance)
    .option("--seed <n>", help.seed, wholeNumber, 123)
    .action(async (source: string, flags: CommonOptions & DataPrepareFlags) =>
      (await load()).prepare(source, flags, context(flags, messages)),
    );
  addCommon(data.command("inspect <file>").description(help.dataInspect), messages).action(
    async (path: string, flags: CommonOptions) => (await load()).inspect(path, context(flags, messages)),
  );
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
