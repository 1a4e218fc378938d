import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Corpus, readCorpus } from "./corpus.ts";
import { TrainerError } from "./errors.ts";
import { checkConfig } from "./resolve-config.ts";
import type { RunConfig } from "./run-config.ts";
import { newestRun } from "./run-folder.ts";

/** Version of a run folder's config.json. */
const SCHEMA = 1;

/** What a run trains, on what, and where it writes. */
export interface RunPlan {
  readonly preset: string;
  readonly config: RunConfig;
  readonly corpus: Corpus;
  readonly folder: string;
  /** Weights to start from: a model folder or run. Its shape and tokenizer win over the settings'. */
  readonly init?: string;
  /** The checkpoint to go on from. */
  readonly checkpoint?: string;
}

/** A plan as its run folder's config.json. */
export function planToJson({ preset, config, corpus, init }: RunPlan): object {
  return { schema: SCHEMA, preset, data: { files: corpus.files, sha256: corpus.sha256 }, init, config };
}

/**
 * The run folder that `--resume` names, itself or by one of its checkpoints; "auto" is the newest run, if there is one.
 * @throws {TrainerError} `RUN_FOLDER` when there is no run at the path.
 */
export async function findRun(resume: string): Promise<{ folder: string; checkpoint?: string } | undefined> {
  if (resume === "auto") {
    const folder = await newestRun();
    return folder === undefined ? undefined : { folder };
  }
  if (existsSync(join(resume, "checkpoints"))) return { folder: resume };
  const folder = dirname(dirname(resume));
  if (existsSync(join(resume, "trainer_state.json")) && existsSync(join(folder, "checkpoints"))) {
    return { folder, checkpoint: resume };
  }
  throw new TrainerError("RUN_FOLDER", `There is no run or checkpoint at ${resume}. Name a folder such as runs/NAME.`);
}

/**
 * Reads the plan of an earlier run back, and makes sure that its texts are still the same.
 * @throws {TrainerError} `RUN_FOLDER` or `DATA`
 */
export async function readPlan(folder: string): Promise<RunPlan> {
  const path = join(folder, "config.json");
  let saved: { command?: string; preset: string; data: { files: string[]; sha256: string }; config: unknown };
  try {
    saved = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new TrainerError("RUN_FOLDER", `Cannot read ${path}; this run cannot be continued. Start a new one.`, {
      cause,
    });
  }
  if (saved.command !== undefined) {
    const command = `train ${saved.command} --resume ${folder}`;
    throw new TrainerError("RUN_FOLDER", `${folder} holds a run of train ${saved.command}. Go on with: ${command}`);
  }
  // A folder saved by the playground brings its text along; elsewhere the paths are absolute.
  const corpus = await readCorpus(saved.data.files.map((file) => resolve(folder, file)));
  if (corpus.sha256 !== saved.data.sha256) {
    throw new TrainerError(
      "DATA",
      `The text of the run in ${folder} has changed since it began. Start a new run on the new text.`,
    );
  }
  return { preset: saved.preset, config: checkConfig(saved.config), corpus, folder };
}
