import type { Command, Option } from "commander";
import type { Messages } from "./messages/messages.ts";

/** A help page is as wide as the terminal, but not wider than is pleasant to read. */
const MOST_COLUMNS = 100;
const COLUMNS_IN_A_PIPE = 80;

/** Help pages in the chosen language. Subcommands inherit this, so it comes before them. */
export function layOutHelp(program: Command, { helpPage }: Messages): Command {
  const titles: Readonly<Record<string, string>> = helpPage.titles;
  return program
    .helpOption("-h, --help", helpPage.help)
    .helpCommand("help [command]", helpPage.help)
    .configureHelp({
      helpWidth: Math.min(process.stdout.columns ?? COLUMNS_IN_A_PIPE, MOST_COLUMNS),
      styleTitle: (title) => titles[title] ?? title,
      subcommandTerm: (command) =>
        [[command.name(), ...command.aliases()].join("|"), ...command.registeredArguments.map(argumentTerm)].join(" "),
      optionDescription: (option) => withDefault(option, helpPage.defaultValue),
    });
}

function argumentTerm(argument: Command["registeredArguments"][number]): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** The choices of an option stand in its description. */
function withDefault({ description, defaultValue, required }: Option, template: string): string {
  const tell = required && defaultValue !== undefined && !Array.isArray(defaultValue);
  return tell ? `${description}${template.replace("{value}", String(defaultValue))}` : description;
}
