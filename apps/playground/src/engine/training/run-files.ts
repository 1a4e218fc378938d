import { CHECKPOINTS, LATEST, parseTrainerState, STATE_FILE } from "@scratch-llm/pretrain";
import { EngineFault } from "../fault.ts";
import { parentOf } from "../paths.ts";
import type { FolderFile } from "../protocol.ts";

/** The files of one folder, by their names in it. */
export interface Folder {
  readonly name: string;
  readonly files: ReadonlyMap<string, Blob>;
}

/**
 * The folder of a model among dropped files: the latest checkpoint where they are a run, else wherever the weights lie.
 * @throws EngineFault where there are no weights
 */
export function modelFolder(files: readonly FolderFile[]): Folder {
  const weights = files.map(({ path }) => path).filter((path) => path.endsWith(".safetensors"));
  const folders = [...new Set(weights.map(parentOf))];
  const newest = folders.toSorted((a, b) => stepOf(b) - stepOf(a) || a.length - b.length)[0];
  if (newest === undefined) {
    const some = files
      .map(({ path }) => path)
      .slice(0, 3)
      .join(", ");
    throw new EngineFault("NOT_A_MODEL", `There is no .safetensors among the files (${some}); drop a model's folder.`);
  }
  return folderAt(newest, files);
}

/** The folder of a run among dropped files. @throws EngineFault `NOT_A_RUN` */
export function runFolder(files: readonly FolderFile[]): Folder {
  const inRun = files.find(({ path }) => /(?:^|\/)checkpoints\/step-\d+\/[^/]+$/u.test(path));
  if (!inRun)
    throw new EngineFault("NOT_A_RUN", "This is no run: drop the whole folder, the one with checkpoints in it.");
  return folderAt(inRun.path.replace(/\/?checkpoints\/step-\d+\/[^/]+$/u, ""), files);
}

/** The checkpoint that `latest` names, or the complete one with most steps. @throws EngineFault `NOT_A_RUN` */
export async function latestCheckpoint(run: Folder): Promise<Folder> {
  const latest = (await run.files.get(LATEST)?.text())?.trim();
  const steps = [...run.files.keys()].flatMap(
    (path) => /^checkpoints\/step-\d+(?=\/trainer_state\.json$)/u.exec(path) ?? [],
  );
  const candidates = steps.toSorted((a, b) => Number(b === latest) - Number(a === latest) || stepOf(b) - stepOf(a));
  for (const name of candidates) {
    const folder = within(name, run.files);
    if (await isComplete(folder)) return folder;
  }
  throw new EngineFault("NOT_A_RUN", `No checkpoint in ${CHECKPOINTS} is complete; drop the whole folder of the run.`);
}

async function isComplete({ files }: Folder): Promise<boolean> {
  const state = parseTrainerState((await files.get(STATE_FILE)?.text()) ?? "");
  return state !== undefined && Object.entries(state.files).every(([name, size]) => files.get(name)?.size === size);
}

function folderAt(name: string, files: readonly FolderFile[]): Folder {
  return within(name, new Map(files.map(({ path, content }) => [path, content])));
}

function within(name: string, files: ReadonlyMap<string, Blob>): Folder {
  const prefix = name === "" ? "" : `${name}/`;
  const inside = [...files].filter(([path]) => path.startsWith(prefix));
  return {
    name: name || "the folder",
    files: new Map(inside.map(([path, blob]) => [path.slice(prefix.length), blob])),
  };
}

function stepOf(folder: string): number {
  return Number(/step-(\d+)$/u.exec(folder)?.[1] ?? -1);
}
