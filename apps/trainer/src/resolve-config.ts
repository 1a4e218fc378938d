import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parse as parseYaml, stringify } from "yaml";
import { z } from "zod";
import { TrainerError } from "./errors.ts";
import type { Output } from "./output.ts";
import { RUN_PRESETS, RunConfig } from "./run-config.ts";

/** What a kind of run can be set to. */
export interface Settings<C> {
  readonly schema: z.ZodType<C>;
  /** Complete settings to start from, by name. */
  readonly presets: Readonly<Record<string, C>>;
}

export interface ConfigSources {
  readonly preset: string;
  /** A YAML or JSON file with any part of the settings. */
  readonly configFile?: string | undefined;
  /** `a.b=value`, each value read as YAML. */
  readonly assignments: readonly string[];
}

/** The settings of a pretraining run: {@link resolveSettings}. */
export function resolveConfig(sources: ConfigSources): Promise<RunConfig> {
  return resolveSettings({ schema: RunConfig, presets: RUN_PRESETS }, sources);
}

/**
 * One configuration from its sources; a later one wins: preset, file, `--set`.
 * @throws {TrainerError} `USAGE` for an unknown preset or a malformed `--set`; `CONFIG` for a bad file or value.
 */
export async function resolveSettings<C>(
  { schema, presets }: Settings<C>,
  { preset, configFile, assignments }: ConfigSources,
): Promise<C> {
  if (!Object.hasOwn(presets, preset)) {
    throw new TrainerError("USAGE", `Unknown preset "${preset}". Use one of: ${Object.keys(presets).join(", ")}.`);
  }
  let settings: unknown = presets[preset];
  if (configFile !== undefined) settings = merge(settings, await readConfigFile(configFile));
  for (const assignment of assignments) settings = merge(settings, parseAssignment(assignment));
  return checkSettings(schema, settings);
}

/** The settings of a pretraining run, checked: {@link checkSettings}. */
export function checkConfig(settings: unknown): RunConfig {
  return checkSettings(RunConfig, settings);
}

/** What `--dry-run` ends with: the settings as a file that `--config` takes. */
export function tellSettings(config: object, output: Output): void {
  output.result(stringify(config).trimEnd());
  output.event({ type: "done", dryRun: true, config });
}

/** @throws {TrainerError} `CONFIG`, naming the setting, what was received and what it may be. */
export function checkSettings<C>(schema: z.ZodType<C>, settings: unknown): C {
  const checked = schema.safeParse(settings);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  const received = issue.path.reduce<unknown>((value, key) => field(value, key), settings);
  if (issue.code === "unrecognized_keys") throw unknownSetting(issue, received);
  const name = issue.path.join(".") || "(top level)";
  throw new TrainerError("CONFIG", `Setting ${name} = ${JSON.stringify(received)}: ${expectations(issue)}.`);
}

function unknownSetting({ path, keys }: z.core.$ZodIssueUnrecognizedKeys, received: unknown): TrainerError {
  const known = Object.keys(received as object).filter((key) => !keys.includes(key));
  const name = [...path, keys[0]].join(".");
  const place = path.length === 0 ? "Settings" : `Those of ${path.join(".")}`;
  return new TrainerError("CONFIG", `There is no setting ${name}. ${place} are: ${known.join(", ")}.`);
}

/** What a value may be; where there are several kinds, what is wrong with it as each of them. */
function expectations(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union") return issue.message;
  const reasons = issue.errors.flatMap(([first]) => (first === undefined ? [] : [expectations(first)]));
  return reasons.length === 0 ? issue.message : reasons.join(", or ");
}

function field(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

async function readConfigFile(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new TrainerError("CONFIG", `Cannot read the settings file ${path}. Check the path.`, { cause });
  });
  try {
    return extname(path) === ".json" ? JSON.parse(text) : parseYaml(text);
  } catch (cause) {
    throw new TrainerError("CONFIG", `${path} is neither valid JSON nor YAML: ${firstLine(cause)}`, { cause });
  }
}

function parseAssignment(assignment: string): unknown {
  const equals = assignment.indexOf("=");
  const keys = assignment.slice(0, Math.max(equals, 0)).split(".");
  if (equals < 1 || keys.some((key) => !/^[A-Za-z][A-Za-z0-9]*$/u.test(key))) {
    throw new TrainerError(
      "USAGE",
      `--set takes NAME.NAME=VALUE, such as train.batchSize=4; received "${assignment}".`,
    );
  }
  const text = assignment.slice(equals + 1);
  let value: unknown;
  try {
    // "" is an empty string here, not YAML's null.
    value = text === "" ? "" : parseYaml(text);
  } catch (cause) {
    throw new TrainerError("USAGE", `--set ${assignment}: the value is not valid YAML: ${firstLine(cause)}`, { cause });
  }
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

/** Objects merge by key; everything else is replaced. A tokenizer of another kind replaces the whole entry. */
function merge(base: unknown, change: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(change)) return change;
  if ("kind" in change && change["kind"] !== base["kind"]) return change;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) merged[key] = merge(base[key], value);
  return merged;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!;
}
