import { type Command, InvalidArgumentError } from "commander";
import type { ListenFlags, ServeFlags } from "./commands/serve.ts";
import {
  addCommon,
  addRuntime,
  type CommonOptions,
  context,
  portNumber,
  positiveInteger,
  positiveNumber,
  wholeNumber,
} from "./flags.ts";
import type { Messages } from "./messages/messages.ts";

/** Adds `serve` and `playground`. */
export function addServeCommands(program: Command, messages: Messages): void {
  const { help } = messages;
  addRuntime(addListening(program.command("serve").description(help.serve), messages, 8000), messages)
    .option("--model <path>", help.serveModel)
    .option("--name <id>", help.serveName)
    .option("--template <format>", help.template)
    .option("--slots <n>", help.slots, positiveInteger, 16)
    .option("--queue <n>", help.queue, wholeNumber, 256)
    .option("--answer-time <seconds>", help.answerTime, positiveNumber, 300)
    .option("--request-time <seconds>", help.requestTime, positiveNumber, 30)
    .option("--body-limit <bytes>", help.bodyLimit, positiveInteger, 1_000_000)
    .option("--api-key <key>", help.apiKey)
    .option("--cors <origin>", help.cors, pageOrigin)
    .action(async (flags: CommonOptions & ServeFlags) => {
      const { serve } = await import("./commands/serve.ts");
      await serve(flags, context(flags, messages));
    });
  addListening(program.command("playground").description(help.playground), messages, 8080).action(
    async (flags: CommonOptions & ListenFlags) => {
      const { playground } = await import("./commands/playground.ts");
      await playground(flags, context(flags, messages));
    },
  );
}

function addListening(command: Command, messages: Messages, port: number): Command {
  return addCommon(command, messages)
    .option("--host <address>", messages.help.host, "127.0.0.1")
    .option("--port <n>", messages.help.port, portNumber, port);
}

/** As browsers send it: without a path, and without a slash at the end. */
function pageOrigin(text: string): string {
  if (text === "*" || (URL.canParse(text) && new URL(text).origin === text)) return text;
  throw new InvalidArgumentError("It takes an origin such as https://example.org, or *.");
}
