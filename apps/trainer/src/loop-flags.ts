import type { TrainSettings } from "./run-config.ts";

/** Flags that are settings in disguise. */
interface LoopFlags {
  readonly seed?: number;
  readonly maxSteps?: number;
  readonly maxTime?: number;
  readonly keepLast?: number;
  readonly precision?: TrainSettings["precision"];
  readonly recompute?: TrainSettings["recompute"];
}

/** Flags of every training. */
export interface TrainingFlags extends LoopFlags {
  readonly init?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly runDir?: string;
  readonly resume?: string;
  readonly dryRun?: boolean;
  readonly eager?: boolean;
}

/** Which setting of the loop each flag is. The seed is one of the whole run. */
const SETTINGS = {
  maxSteps: "maxSteps",
  maxTime: "maxMinutes",
  keepLast: "keepLast",
  precision: "precision",
  recompute: "recompute",
} as const satisfies Readonly<Partial<Record<keyof LoopFlags, keyof TrainSettings>>>;

/** The flags that are given, as the settings that they stand for. */
function givenSettings(flags: LoopFlags): [string, string | number][] {
  return Object.entries(SETTINGS).flatMap(([flag, setting]) => {
    const value = flags[flag as keyof typeof SETTINGS];
    return value === undefined ? [] : [[setting, value] as [string, string | number]];
  });
}

/** What the flags say in the words of `--set`, for a new run. */
export function flagAssignments(flags: LoopFlags): string[] {
  const seed = flags.seed === undefined ? [] : [`seed=${flags.seed}`];
  return [...seed, ...givenSettings(flags).map(([setting, value]) => `train.${setting}=${value}`)];
}

/** The loop's settings of a run that goes on. Only its length, what it keeps and how it computes may be changed. */
export function continuedSettings<T extends object>(train: T, flags: LoopFlags): T {
  return { ...train, ...Object.fromEntries(givenSettings(flags)) };
}
