import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TrainerError } from "../errors.ts";
import { checkSettings, type Settings } from "../resolve-config.ts";
import { type DataFile, readDataFile } from "./data-file.ts";

/** Version of a run folder's config.json. */
const SCHEMA = 1;

/** What a fine-tuning run learns, from what, and where it writes. */
export interface TuningPlan<C> {
  /** The verb of `train`. */
  readonly command: string;
  readonly preset: string;
  readonly config: C;
  readonly data: DataFile;
  /** The weights to begin with, as a path. */
  readonly init: string;
  readonly folder: string;
  /** The checkpoint to go on from. */
  readonly checkpoint?: string;
}

/** A run folder's config.json. */
export interface SavedTuning {
  readonly schema: number;
  readonly command: string;
  readonly preset: string;
  readonly data: { readonly file?: string; readonly sha256: string };
  readonly init: string;
  readonly config: unknown;
}

/** A plan as its run folder's config.json. */
export function tuningToJson<C>({ command, preset, data, init, config }: TuningPlan<C>): SavedTuning {
  const { file, sha256 } = data;
  return { schema: SCHEMA, command, preset, data: { ...(file !== undefined && { file }), sha256 }, init, config };
}

/** The config.json of a fine-tuning run; undefined where the folder has none. */
export async function readSavedTuning(folder: string): Promise<SavedTuning | undefined> {
  try {
    const saved = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as SavedTuning;
    return saved.command === undefined ? undefined : saved;
  } catch {
    return undefined;
  }
}

/**
 * Reads the plan of an earlier run back, and makes sure that its data are still the same.
 * @throws {TrainerError} `RUN_FOLDER` or `DATA`
 */
export async function readTuningPlan<C>(
  folder: string,
  command: string,
  { schema }: Settings<C>,
  builtIn: URL,
): Promise<TuningPlan<C>> {
  const saved = await readSavedTuning(folder);
  if (saved?.command !== command) {
    const found = saved === undefined ? "no fine-tuning run" : `a run of train ${saved.command}`;
    throw new TrainerError("RUN_FOLDER", `${folder} holds ${found}; train ${command} cannot continue it.`);
  }
  const data = await readDataFile(saved.data.file, builtIn);
  if (data.sha256 !== saved.data.sha256) {
    throw new TrainerError(
      "DATA",
      `The data of the run in ${folder} have changed since it began. Start a new run on the new data.`,
    );
  }
  const { preset, init } = saved;
  return { command, preset, config: checkSettings(schema, saved.config), data, init, folder };
}
