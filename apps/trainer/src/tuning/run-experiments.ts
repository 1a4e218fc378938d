import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Experiment,
  type ExperimentOptions,
  type ExperimentOutcome,
  EXPERIMENTS,
  type ExperimentResult,
  experimentsReport,
  runExperiment,
} from "@scratch-llm/finetune-classifier";
import { GPT_CONFIGS, type GPTConfigName, GPTModelFast } from "@scratch-llm/gpt";
import { manualSeed } from "@scratch-llm/nn";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import { gpt2Tokenizer } from "@scratch-llm/tokenizer";
import { findCachedModel, type LoadedModel } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "../bring-up.ts";
import { TrainerError } from "../errors.ts";
import { findModel } from "../find-model.ts";
import type { Context } from "../flags.ts";
import { formatCount } from "../format.ts";
import { interrupted } from "../interrupt.ts";
import { loadModelToTrain } from "../load-model.ts";
import { fill, type Messages } from "../messages/messages.ts";
import { resolveSettings } from "../resolve-config.ts";
import { newRunPath } from "../run-folder.ts";
import { startCommand } from "../start-command.ts";
import { computeOptions, StepCompiler } from "../step-compiler.ts";
import { CLASSIFY_TASK, splitTexts } from "./classify-task.ts";
import { readDataFile } from "./data-file.ts";
import { flagAssignments } from "../loop-flags.ts";
import type { TuningFlags } from "./tuning-command.ts";

/** What the book's models are called on Hugging Face. */
const HUB_NAMES: Readonly<Partial<Record<GPTConfigName, string>>> = {
  "gpt2-124M": "gpt2",
  "gpt2-355M": "gpt2-medium",
  "gpt2-774M": "gpt2-large",
  "gpt2-1558M": "gpt2-xl",
};

/** What decides the numbers, besides the rows themselves: results of another kind do not belong into one table. */
interface About {
  readonly data: string;
  readonly texts: number;
  /** The model of every row; null = GPT-2 in each row's size. */
  readonly init: string | null;
  readonly epochs: number;
  readonly learningRate: number;
}

/** Results so far, by row. */
type Results = Record<string, ExperimentResult>;

/**
 * `train classify --experiments`: the rows of the book's table one after the other, each on GPT-2 in its own size, or all on the
 * model of `--init`. Report and results are written after each row; the same command goes on with what is missing.
 */
export async function runExperiments(flags: TuningFlags, rows: string | undefined, context: Context): Promise<void> {
  const { output, messages } = context;
  const wanted = chooseRows(rows);
  const { settings, builtIn, command } = CLASSIFY_TASK;
  const assignments = [...flags.set, ...flagAssignments(flags)];
  const config = await resolveSettings(settings, {
    preset: flags.preset ?? "book-ch06",
    configFile: flags.config,
    assignments,
  });
  const file = await readDataFile(flags.data, builtIn);
  const data = splitTexts(file, config);
  const init = flags.init === undefined ? undefined : await findModel(flags.init, messages);
  const { epochs, learningRate } = config.train;
  const texts = data.train.length + data.val.length + data.test.length;
  const about: About = { data: file.sha256, texts, init: init ?? null, epochs, learningRate };
  const folder = flags.runDir ?? (await newRunPath(`${command}-experiments`));
  const results = await readResults(folder, about);
  const backend = await bringUpBackend(context.backend, output, messages);
  output.event({
    type: "start",
    rows: wanted.map(({ row }) => row),
    backend: backend.name,
    seed: config.seed,
    runDir: folder,
  });
  const outcomes: ExperimentOutcome[] = [];
  const report = join(folder, "report.md");
  for (const experiment of wanted) {
    const { row, name } = experiment;
    output.note(fill(messages.classify.experiment, { row, rows: EXPERIMENTS.length, name }));
    const weights = init ?? (await findBookModel(experiment));
    const missing = weights === undefined ? reasonFor(experiment, messages) : undefined;
    if (results[row] === undefined && weights !== undefined) {
      const options = { data, epochs, learningRate, signal: interrupted };
      const resume = `train classify --experiments ${rows ?? ""} --run-dir ${folder}`.replaceAll(/ +/gu, " ");
      results[row] = await runRow(experiment, weights, options, flags).catch((error: unknown) => {
        if (!interrupted.aborted) throw error;
        const values = { step: row - 1, command: `${startCommand()} ${resume}` };
        throw new TrainerError("INTERRUPTED", fill(messages.classify.interrupted, values), { cause: error });
      });
      await writeFileAtomic(join(folder, "results.json"), `${JSON.stringify({ about, results }, null, 2)}\n`);
    }
    const result = results[row];
    const found = { ...(result && { result }), ...(missing !== undefined && { reason: missing }) };
    outcomes.push({ experiment, ...found, ...(init !== undefined && { model: "given model" }) });
    await writeFileAtomic(report, experimentsReport(outcomes, remark(about, backend.name, messages)));
    output.result(lineOf(experiment, result, missing, messages));
    output.event({ type: "row", row, name, ...(result ?? { reason: missing }), book: experiment.book });
  }
  output.result(fill(messages.classify.report, { path: report }));
  output.event({ type: "done", runDir: folder, report, rows: wanted.filter(({ row }) => results[row]).length });
}

/** "1,4-6" → rows 1, 4, 5, 6; all without a choice. @throws {TrainerError} `USAGE` */
function chooseRows(choice: string | undefined): readonly Experiment[] {
  if (choice === undefined) return EXPERIMENTS;
  const chosen = new Set<number>();
  for (const part of choice.split(",")) {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/u.exec(part.trim()) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first >= 1 && last <= EXPERIMENTS.length && first <= last)) {
      throw new TrainerError(
        "USAGE",
        `--experiments takes rows from 1 to ${EXPERIMENTS.length}, such as 1,4-6; received "${choice}".`,
      );
    }
    for (let row = first; row <= last; row++) chosen.add(row);
  }
  return EXPERIMENTS.filter(({ row }) => chosen.has(row));
}

/** The folder with the row's GPT-2, or "" where its weights are random and none is needed. */
async function findBookModel({ model, weights }: Experiment): Promise<string | undefined> {
  if (weights === "random") return "";
  return findCachedModel(HUB_NAMES[model] ?? "").catch(() => undefined);
}

function reasonFor({ model }: Experiment, { classify }: Messages): string {
  return fill(classify.noModel, { model, name: HUB_NAMES[model] ?? model });
}

async function runRow(
  experiment: Experiment,
  weights: string,
  options: Omit<ExperimentOptions, "model" | "tokenizer">,
  flags: TuningFlags,
): Promise<ExperimentResult> {
  const compiler = new StepCompiler(computeOptions(flags));
  const { compile } = compiler;
  const { model, tokenizer } = await startingModel(experiment, weights);
  try {
    return await runExperiment(experiment, { ...options, model, tokenizer, ...(compile && { compile }) });
  } finally {
    compiler.dispose();
    model.dispose();
  }
}

/** The row's model with its weights, or with random ones of the same shape. */
async function startingModel(
  { model: name, weights }: Experiment,
  path: string,
): Promise<Pick<LoadedModel, "model" | "tokenizer">> {
  const loaded = path === "" ? undefined : await loadModelToTrain(path, { dropRate: 0 });
  if (loaded !== undefined && weights === "pretrained") return loaded;
  loaded?.model.dispose();
  manualSeed(SEED);
  const config = loaded?.config ?? { ...GPT_CONFIGS[name], dropRate: 0, qkvBias: true };
  return { model: new GPTModelFast(config), tokenizer: loaded?.tokenizer ?? (await gpt2Tokenizer()) };
}

/** Of the book's script. */
const SEED = 123;

async function readResults(folder: string, about: About): Promise<Results> {
  const path = join(folder, "results.json");
  if (!existsSync(path)) return {};
  const saved = JSON.parse(await readFile(path, "utf8")) as { about: About; results: Results };
  if (JSON.stringify(saved.about) === JSON.stringify(about)) return saved.results;
  throw new TrainerError(
    "RUN_FOLDER",
    `${folder} holds experiments on another model, data or settings. Choose another --run-dir.`,
  );
}

function remark({ texts, init, epochs, learningRate }: About, backend: string, { classify }: Messages): string {
  return fill(classify.about, { texts, init: init ?? "GPT-2", epochs, rate: String(learningRate), backend });
}

function lineOf(
  { row, name }: Experiment,
  result: ExperimentResult | undefined,
  reason: string | undefined,
  { classify }: Messages,
): string {
  if (result === undefined) return fill(classify.notRun, { row, reason: reason ?? "" });
  const percent = (share: number): string => (100 * share).toFixed(2);
  const { trainAccuracy: train, valAccuracy: val, testAccuracy: test, minutes, trainedParams } = result;
  const accuracy = { train: percent(train), val: percent(val), test: percent(test) };
  return fill(classify.row, {
    row,
    name,
    ...accuracy,
    minutes: minutes.toFixed(2),
    params: formatCount(trainedParams),
  });
}
