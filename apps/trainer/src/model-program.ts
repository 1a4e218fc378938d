import { type Command, Option } from "commander";
import type { DownloadFlags, ExportFlags } from "./commands/model.ts";
import { addCommon, type CommonOptions, context } from "./flags.ts";
import type { Messages } from "./messages/messages.ts";

/** The verbs of `scratch-llm model`. */
export function addModelCommands(model: Command, messages: Messages): void {
  const { help } = messages;
  const load = (): Promise<typeof import("./commands/model.ts")> => import("./commands/model.ts");
  addCommon(model.command("download <name>").description(help.download), messages)
    .option("--endpoint <url>", help.endpoint)
    .option("--revision <name>", help.revision)
    .option("--dry-run", help.downloadDryRun)
    .action(async (name: string, flags: CommonOptions & DownloadFlags) =>
      (await load()).downloadCommand(name, flags, context(flags, messages)),
    );
  addCommon(model.command("import <folder>").description(help.import), messages)
    .option("--name <name>", help.name)
    .action(async (folder: string, flags: CommonOptions & { name?: string }) =>
      (await load()).importFolder(folder, flags, context(flags, messages)),
    );
  addCommon(model.command("list").description(help.list), messages).action(async (flags: CommonOptions) =>
    (await load()).list(context(flags, messages)),
  );
  addCommon(model.command("info <name>").description(help.info), messages).action(
    async (name: string, flags: CommonOptions) => (await load()).info(name, context(flags, messages)),
  );
  addCommon(model.command("export <name> <folder>").alias("convert").description(help.export), messages)
    .addOption(new Option("--format <name>", help.format).choices(["hf", "book", "gguf", "onnx"]).default("hf"))
    .addOption(new Option("--dtype <name>", help.dtype).choices(["F32", "F16", "BF16"]).default("F32"))
    .addOption(
      new Option("--quantize <kind>", help.exportQuantize)
        .choices(["none", "f16", "int8", "int4", "dynamic"])
        .default("none"),
    )
    .action(async (name: string, folder: string, flags: CommonOptions & ExportFlags) => {
      await (await load()).exportTo(name, folder, flags, context(flags, messages));
    });
  addCommon(model.command("rm <name>").description(help.rm), messages).action(
    async (name: string, flags: CommonOptions) => (await load()).remove(name, context(flags, messages)),
  );
}
