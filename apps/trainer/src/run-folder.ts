import { access, appendFile, constants, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { EpochEvent, EvalEvent, StepEvent } from "@scratch-llm/pretrain";
import { makeFolder, writeFileAtomic } from "@scratch-llm/safetensors/node";
import { TrainerError } from "./errors.ts";

/** Version of the lines in metrics.jsonl. */
const METRICS_SCHEMA = 1;

/** What a run leaves behind: settings, metrics, samples, the loss plot and the checkpoints. */
export class RunFolder {
  readonly path: string;
  readonly #started = Date.now();

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Fails early, and without making anything, when a new run could not be written to a folder.
   * @throws {TrainerError} `RUN_FOLDER` when it cannot, or when another run already lies there
   */
  static async requireUsable(path: string): Promise<void> {
    const existing: string[] = await readdir(path).catch(() => []);
    if (existing.includes("config.json")) {
      throw new TrainerError(
        "RUN_FOLDER",
        `${path} already holds a run. Continue it with --resume ${path}, or choose another --run-dir.`,
      );
    }
    let ancestor = resolve(path);
    let info = await stat(ancestor).catch(() => undefined);
    while (info === undefined && dirname(ancestor) !== ancestor) {
      ancestor = dirname(ancestor);
      info = await stat(ancestor).catch(() => undefined);
    }
    const writable = await access(ancestor, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (!writable || info?.isDirectory() !== true) throw cannotWrite(path);
  }

  /**
   * Makes the folder of a new run, or opens that of an earlier one.
   * @throws {TrainerError} `RUN_FOLDER` when it cannot be made
   */
  static async open(path: string): Promise<RunFolder> {
    await makeFolder(join(path, "checkpoints")).catch((cause: unknown) => {
      throw cannotWrite(path, cause);
    });
    return new RunFolder(path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async writeConfig(config: unknown): Promise<void> {
    await writeFileAtomic(this.file("config.json"), `${JSON.stringify(config, null, 2)}\n`);
  }

  /** One line per step or evaluation, with the schema's version and the time since the run (or its resumption) began. */
  async appendMetrics(event: Readonly<Record<string, unknown>>): Promise<void> {
    const wallSeconds = (Date.now() - this.#started) / 1000;
    await appendFile(
      this.file("metrics.jsonl"),
      `${JSON.stringify({ schema: METRICS_SCHEMA, ...event, wallSeconds })}\n`,
    );
  }

  /**
   * Drops the lines from `step` on: a resumed run writes them again. A line cut short by a crash goes too.
   * @returns what was measured before it
   */
  async rewindMetrics(step: number): Promise<MeasuredEvent[]> {
    const text = await readFile(this.file("metrics.jsonl"), "utf8").catch(() => "");
    const kept = text.split("\n").flatMap((line) => {
      const event = parseLine(line);
      return event !== undefined && event.step < step ? [event] : [];
    });
    await writeFileAtomic(this.file("metrics.jsonl"), kept.map((event) => `${JSON.stringify(event)}\n`).join(""));
    return kept.filter((event) => event.type !== "step");
  }

  async appendSample(step: number, text: string): Promise<void> {
    await appendFile(this.file("samples.md"), `## Step ${step}\n\n${text.replaceAll(/^/gmu, "> ")}\n\n`);
  }
}

function cannotWrite(path: string, cause?: unknown): TrainerError {
  return new TrainerError("RUN_FOLDER", `Cannot write to ${path}. Choose another folder with --run-dir.`, { cause });
}

/** What is measured on both parts of the data. */
export type MeasuredEvent = EvalEvent | EpochEvent<object>;

/** A line of metrics.jsonl, which only this class writes. */
type MetricsLine = StepEvent | MeasuredEvent;

function parseLine(line: string): MetricsLine | undefined {
  try {
    return line === "" ? undefined : (JSON.parse(line) as MetricsLine);
  } catch {
    return undefined;
  }
}

/** runs/NAME-20260131-120005, or with a counter behind it when that is taken. */
export async function newRunPath(name: string, now: Date = new Date()): Promise<string> {
  const digits = now.toISOString().replaceAll(/[-:]/gu, "");
  const base = join("runs", `${name}-${digits.slice(0, 8)}-${digits.slice(9, 15)}`);
  for (let attempt = 1; ; attempt += 1) {
    const path = attempt === 1 ? base : `${base}-${attempt}`;
    if ((await stat(path).catch(() => undefined)) === undefined) return path;
  }
}

/**
 * The run in runs/ that was written to last.
 *
 * @param isWanted by the verb of `train` that made it, undefined for pretraining; default any
 */
export async function newestRun(
  isWanted: (command: string | undefined) => boolean = () => true,
): Promise<string | undefined> {
  const names: string[] = await readdir("runs").catch(() => []);
  let newest: { path: string; time: number } | undefined;
  for (const name of names) {
    const path = join("runs", name);
    const info = await stat(join(path, "config.json")).catch(() => undefined);
    if (info === undefined || (newest !== undefined && info.mtimeMs <= newest.time)) continue;
    if (isWanted(await commandOf(path))) newest = { path, time: info.mtimeMs };
  }
  return newest?.path;
}

async function commandOf(path: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(join(path, "config.json"), "utf8")) as { command?: string }).command;
  } catch {
    return undefined;
  }
}
