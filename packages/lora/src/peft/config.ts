import { LoRAError } from "../errors.ts";

/** Rank and alpha of one layer. */
export interface RankAlpha {
  readonly rank: number;
  readonly alpha: number;
}

/** `adapter_config.json`, as far as it concerns plain LoRA on GPT-2 (PEFT 0.21). */
export interface PeftConfig {
  readonly peft_type: "LORA";
  readonly task_type: "CAUSAL_LM";
  readonly base_model_name_or_path: string | null;
  readonly inference_mode: boolean;
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly bias: "none";
  /** GPT-2's own code keeps weights as [in, out]. */
  readonly fan_in_fan_out: boolean;
  readonly target_modules: readonly string[];
  /** Ranks and alphas that differ from `r` and `lora_alpha`, by the end of the layer's name. */
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
  readonly use_rslora: boolean;
  readonly use_dora: boolean;
  readonly modules_to_save: null;
}

/**
 * A configuration for layers by their name in transformers.
 *
 * @param all names of every layer that could have one: a short name is used where it means no more than the given layers
 */
export function makePeftConfig(
  layers: ReadonlyMap<string, RankAlpha>,
  all: readonly string[],
  baseModel: string | undefined,
): PeftConfig {
  const [usual] = mostFrequent([...layers.values()]);
  const names = [...layers.keys()];
  const patterns = names.flatMap((name) => {
    const { rank, alpha } = layers.get(name) as RankAlpha;
    const isUsual = rank === usual.rank && alpha === usual.alpha;
    const alike = names.filter((other) => endOf(other) === endOf(name)).every((other) => isSame(layers, name, other));
    return isUsual ? [] : [{ key: alike ? endOf(name) : name, rank, alpha }];
  });
  const isWhole = (name: string): boolean => all.every((other) => endOf(other) !== endOf(name) || layers.has(other));
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: baseModel ?? null,
    inference_mode: true,
    r: usual.rank,
    lora_alpha: usual.alpha,
    lora_dropout: 0,
    bias: "none",
    fan_in_fan_out: true,
    target_modules: [...new Set(names.map((name) => (isWhole(name) ? endOf(name) : name)))],
    rank_pattern: Object.fromEntries(patterns.map(({ key, rank }) => [key, rank])),
    alpha_pattern: Object.fromEntries(patterns.map(({ key, alpha }) => [key, alpha])),
    use_rslora: false,
    use_dora: false,
    modules_to_save: null,
  };
}

/** Rank and scale of a layer by its name in transformers, as PEFT reads the configuration. */
export type LayerSettings = (name: string) => { readonly rank: number; readonly scale: number };

/**
 * Reads a configuration.
 *
 * @throws {LoRAError} `LORA_PEFT` naming what it asks for that these layers cannot do
 */
export function readPeftConfig(json: unknown): LayerSettings {
  const config = (typeof json === "object" && json !== null ? json : {}) as Readonly<Record<string, unknown>>;
  requireValue(config, "peft_type", ["LORA"]);
  requireValue(config, "bias", ["none", undefined]);
  requireValue(config, "use_dora", [false, undefined]);
  const [r, alpha] = [requireNumber(config, "r"), requireNumber(config, "lora_alpha")];
  const [ranks, alphas] = [readPattern(config, "rank_pattern"), readPattern(config, "alpha_pattern")];
  return (name) => {
    const rank = ranks(name) ?? r;
    return { rank, scale: (alphas(name) ?? alpha) / (config["use_rslora"] === true ? Math.sqrt(rank) : rank) };
  };
}

function requireValue(config: Readonly<Record<string, unknown>>, field: string, accepted: readonly unknown[]): void {
  if (accepted.includes(config[field])) return;
  const wanted = JSON.stringify(accepted[0]);
  const received = JSON.stringify(config[field]);
  throw new LoRAError("LORA_PEFT", `adapter_config.json has ${field} ${received}; only ${wanted} can be read.`);
}

function requireNumber(config: Readonly<Record<string, unknown>>, field: string): number {
  const value = config[field];
  if (typeof value === "number" && value > 0) return value;
  throw new LoRAError(
    "LORA_PEFT",
    `adapter_config.json has ${field} ${JSON.stringify(value)}; a number above 0 is needed.`,
  );
}

/** The value of the first key that a name ends with. PEFT's keys are regular expressions; names are what it writes itself. */
function readPattern(config: Readonly<Record<string, unknown>>, field: string): (name: string) => number | undefined {
  const entries = Object.entries((config[field] ?? {}) as Record<string, unknown>);
  for (const [key, value] of entries) {
    if (typeof value === "number" && value > 0 && /^[\w.]+$/.test(key)) continue;
    throw new LoRAError(
      "LORA_PEFT",
      `adapter_config.json's ${field} has "${key}": ${JSON.stringify(value)}; give a name and a number.`,
    );
  }
  return (name) => entries.find(([key]) => name === key || name.endsWith(`.${key}`))?.[1] as number | undefined;
}

/** "transformer.h.0.attn.c_attn" → "attn.c_attn". */
function endOf(name: string): string {
  return name.replace(/^.*\.\d+\./, "");
}

function isSame(layers: ReadonlyMap<string, RankAlpha>, name: string, other: string): boolean {
  const [a, b] = [layers.get(name), layers.get(other)];
  return a?.rank === b?.rank && a?.alpha === b?.alpha;
}

function mostFrequent(values: readonly RankAlpha[]): [RankAlpha, ...RankAlpha[]] {
  const count = ({ rank, alpha }: RankAlpha): number =>
    values.filter((value) => value.rank === rank && value.alpha === alpha).length;
  return values.toSorted((a, b) => count(b) - count(a)) as [RankAlpha, ...RankAlpha[]];
}
