import { GPTConfigError, validateConfig, type GPTConfig } from "@scratch-llm/gpt";
import { WeightsError } from "../errors.ts";

/** Whole numbers ≥ 1 by name. @throws {WeightsError} `CONFIG_INVALID` naming the file and the first that is not one */
export function readFields<Name extends string>(
  json: Readonly<Record<string, unknown>>,
  file: string,
  names: readonly Name[],
): Record<Name, number> {
  const fields: Record<string, number> = {};
  for (const name of names) {
    const value = json[name];
    if (!Number.isSafeInteger(value) || (value as number) < 1) {
      throw new WeightsError("CONFIG_INVALID", `${file}: ${name} is ${JSON.stringify(value)}, not a whole number ≥ 1.`);
    }
    fields[name] = value as number;
  }
  return fields as Record<Name, number>;
}

/** Our own configuration as we write it under `scratch_llm`, or undefined where there is none. */
export function readOwnConfig(json: object): GPTConfig | undefined {
  const own = (json as { scratch_llm?: unknown }).scratch_llm;
  if (own === undefined) return undefined;
  const config = own as GPTConfig;
  const isValid = typeof own === "object" && own !== null && typeof config.qkvBias === "boolean";
  if (!isValid) throw new WeightsError("CONFIG_INVALID", `config.json: scratch_llm is ${JSON.stringify(own)}.`);
  return checkConfig(config, "config.json");
}

/** The configuration if a model can have it. @throws {WeightsError} `CONFIG_INVALID` */
export function checkConfig(config: GPTConfig, file: string): GPTConfig {
  try {
    validateConfig(config);
  } catch (cause) {
    if (!(cause instanceof GPTConfigError)) throw cause;
    throw new WeightsError("CONFIG_INVALID", `${file}: ${cause.message}`, { cause });
  }
  return config;
}
