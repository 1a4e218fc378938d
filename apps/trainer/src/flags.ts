import { type Command, InvalidArgumentError, Option } from "commander";
import type { BackendChoice } from "./bring-up.ts";
import type { Messages } from "./messages/messages.ts";
import { Output } from "./output.ts";

/** Flags that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly backend: BackendChoice;
}

/** What a command is given besides its own flags. */
export interface Context {
  readonly output: Output;
  readonly messages: Messages;
  readonly backend: BackendChoice;
}

/** Adds the flags that every command has. */
export function addCommon(command: Command, messages: Messages): Command {
  const { help } = messages;
  return command
    .addOption(
      new Option("--backend <name>", help.backend).choices(["auto", "native", "webgpu", "wasm", "cpu"]).default("auto"),
    )
    .option("--json", help.json)
    .option("--quiet", help.quiet)
    .option("--lang <language>", help.lang);
}

/** Adds the flags that decide how text is written. */
export function addSampling(command: Command, { help }: Messages): Command {
  return command
    .option("--max-new-tokens <n>", help.maxNewTokens, positiveInteger, 50)
    .option("--min-new-tokens <n>", help.minNewTokens, positiveInteger)
    .option("--temperature <t>", help.temperature, nonNegativeNumber, 0)
    .option("--top-k <n>", help.topK, positiveInteger)
    .option("--top-p <p>", help.topP, share)
    .option("--min-p <p>", help.minP, share)
    .option("--repetition-penalty <r>", help.repetitionPenalty, positiveNumber)
    .option("--presence-penalty <x>", help.presencePenalty, anyNumber)
    .option("--frequency-penalty <x>", help.frequencyPenalty, anyNumber)
    .addOption(notNegated("--no-repeat-ngram <n>", help.noRepeatNgram).argParser(positiveInteger))
    .option("--stop <text...>", help.stop)
    .option("--seed <n>", help.seed, wholeNumber, 123);
}

/** An option whose name begins with "no": commander would take it for the negation of another. */
function notNegated(flags: string, description: string): Option {
  return Object.assign(new Option(flags, description), { negate: false });
}

/** Adds the flags that say what a model runs on. */
export function addRuntime(command: Command, { help }: Messages): Command {
  return command
    .addOption(new Option("--runtime <name>", help.runtime).choices(["onnx", "tfjs"]))
    .addOption(new Option("--quantize <kind>", help.quantize).choices(["none", "int8", "int4"]).default("none"))
    .option("--eager", help.eager);
}

/** Flags that say how steps are computed. */
export interface ComputeFlags {
  readonly eager?: boolean;
  readonly precision?: "f32" | "bf16";
}

/** Adds the flags that say how steps are computed. */
export function addCompute(command: Command, { help }: Messages): Command {
  return command
    .option("--eager", help.eager)
    .addOption(new Option("--precision <name>", help.precision).choices(["f32", "bf16"]));
}

/** Adds the flags that say how the steps of a training are computed. */
export function addTrainingCompute(command: Command, messages: Messages): Command {
  return addCompute(command, messages).addOption(
    new Option("--recompute <what>", messages.help.recompute).choices(["none", "block"]),
  );
}

/** Adds the flags that decide a training's settings, its length and its folder. */
export function addTrainingRun(command: Command, { help }: Messages): Command {
  return command
    .option("--config <file>", help.config)
    .option("--set <name=value>", help.set, collect, [])
    .option("--seed <n>", help.seed, wholeNumber)
    .option("--max-steps <n>", help.maxSteps, positiveInteger)
    .option("--max-time <minutes>", help.maxTime, positiveNumber)
    .option("--run-dir <folder>", help.runDir)
    .option("--resume <auto|path>", help.resume)
    .option("--keep-last <n>", help.keepLast, positiveInteger)
    .option("--dry-run", help.dryRun);
}

/** What the common flags mean. */
export function context(options: CommonOptions, messages: Messages): Context {
  const output = new Output({ json: options.json === true, quiet: options.quiet === true });
  return { output, messages, backend: options.backend };
}

/** For a flag that may be given several times. */
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

export const wholeNumber: (text: string) => number = numberWhere(
  (value) => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff,
  "a whole number from 0 to 4294967295",
);
export const portNumber: (text: string) => number = numberWhere(
  (value) => Number.isInteger(value) && value >= 0 && value <= 0xffff,
  "a port from 0 to 65535",
);
export const positiveInteger: (text: string) => number = numberWhere(
  (value) => Number.isSafeInteger(value) && value > 0,
  "a whole number above 0",
);
export const positiveNumber: (text: string) => number = numberWhere(
  (value) => Number.isFinite(value) && value > 0,
  "a number above 0",
);
/** For a flag that names a server. */
export function httpAddress(text: string): string {
  if (!/^https?:\/\//u.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError("It takes an address such as http://localhost:11434/api/chat.");
  }
  return text;
}

const share = numberWhere((value) => value > 0 && value <= 1, "a number above 0 and at most 1");
const anyNumber = numberWhere(Number.isFinite, "a number");
export const nonNegativeNumber: (text: string) => number = numberWhere(
  (value) => Number.isFinite(value) && value >= 0,
  "a number from 0",
);
