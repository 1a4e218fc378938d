import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Generator } from "@scratch-llm/nn";
import type { Quantization } from "@scratch-llm/onnx";
import type { Bench, BenchContext } from "./bench.ts";
import { median } from "./median.ts";
import { exportModel, modelFolder } from "./model-folder.ts";
import { pythonWith } from "./python.ts";
import { Worker } from "./worker.ts";

/** Who decodes. Each is a process that answers the tasks of `Task`, see decode-ours.ts and decode_peer.py. */
interface Contender {
  readonly name: string;
  /** The program and its arguments; the model folder follows. */
  readonly command: (python: string) => readonly [string, ...string[]];
  /** Whether it must give the ids that transformers gives in float32. */
  readonly exact: boolean;
  /** How its weights are exported, where it reads an exported model. */
  readonly quantization?: Quantization;
}

const script = (name: string): string => join(import.meta.dirname, name);
const tsx = createRequire(import.meta.url).resolve("tsx/cli");
const ours = (mode: string): Contender["command"] => {
  return () => [process.execPath, tsx, script("decode-ours.ts"), mode];
};
const peer = (dtype: string): Contender["command"] => {
  return (python) => [python, script("decode_peer.py"), dtype, `${availableParallelism()}`];
};

const CONTENDERS: readonly Contender[] = [
  { name: "transformers-f32", command: peer("f32"), exact: true },
  { name: "onnx-f32", command: ours("onnx-none"), exact: true, quantization: "none" },
  { name: "tfjs-compiled", command: ours("compiled"), exact: true },
  { name: "tfjs-eager", command: ours("eager"), exact: true },
  { name: "transformers-bf16", command: peer("bf16"), exact: false },
  { name: "onnx-int8", command: ours("onnx-int8"), exact: false, quantization: "int8" },
  { name: "onnx-int4", command: ours("onnx-int4"), exact: false, quantization: "int4" },
  { name: "onnx-dynamic", command: ours("onnx-dynamic"), exact: false, quantization: "dynamic" },
];

/** Tokens per second of one contender over those of another: above 1 is the first one faster. */
const RATIOS: Readonly<Record<string, readonly [string, string, TaskName]>> = {
  onnxF32VsTransformersF32: ["onnx-f32", "transformers-f32", "decode"],
  onnxInt8VsTransformersBf16: ["onnx-int8", "transformers-bf16", "decode"],
  onnxInt4VsTransformersBf16: ["onnx-int4", "transformers-bf16", "decode"],
  onnxDynamicVsTransformersBf16: ["onnx-dynamic", "transformers-bf16", "decode"],
  tfjsVsTransformersF32: ["tfjs-compiled", "transformers-f32", "decode"],
  tfjsVsEager: ["tfjs-compiled", "tfjs-eager", "decode"],
  prefillF32: ["onnx-f32", "transformers-f32", "prefill"],
  prefillDynamicVsTransformersBf16: ["onnx-dynamic", "transformers-bf16", "prefill"],
  tfjsPrefillVsTransformersF32: ["tfjs-compiled", "transformers-f32", "prefill"],
  batch8F32: ["onnx-f32", "transformers-f32", "batch8"],
  tfjsBatch8VsTransformersF32: ["tfjs-compiled", "transformers-f32", "batch8"],
};

/** What a contender is asked to do: continue the prompts greedily, by so many tokens each. */
export interface Task {
  readonly prompts: readonly (readonly number[])[];
  readonly tokens: number;
}

/** What it answers: the new ids of every prompt, and how long that took. */
export interface Answer {
  readonly ids: readonly (readonly number[])[];
  readonly ms: number;
  readonly peakRssBytes: number;
}

/** What it says first. */
export interface Ready {
  readonly loadMs: number;
}

const VOCABULARY = 50257;
const NAMES = ["decode", "prefill", "batch8"] as const;
type TaskName = (typeof NAMES)[number];

/** Other prompts in each round: ours keep what they know of the one before. */
function tasksOf(round: number): Readonly<Record<TaskName, Task>> {
  const generator = new Generator(123 + round);
  const prompt = (length: number): number[] => Array.from({ length }, () => generator.randint(0, VOCABULARY));
  return {
    decode: { prompts: [prompt(10)], tokens: 200 },
    prefill: { prompts: [prompt(512)], tokens: 1 },
    batch8: { prompts: Array.from({ length: 8 }, () => prompt(16)), tokens: 48 },
  };
}

/** Tokens that count: those that are read in `prefill`, those that are written elsewhere. */
const TOKENS: Readonly<Record<TaskName, number>> = { decode: 200, prefill: 512, batch8: 8 * 48 };

/** Memory in pages of 2 MB instead of 4 KB, on Linux with glibc: for all of them, us and others. */
const HUGE_PAGES = { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" };

/** Tokens that a round which warms up writes. */
const WARMING = 16;

/**
 * Greedy decoding with GPT-2 124M, random weights, beside transformers. All contenders are loaded, then take turns.
 * `--only a,b` measures some of them, `--shape decode|prefill|batch8` one of the tasks, `--rounds N` so many times (default
 * 3, after one that warms up).
 */
export const bench: Bench = async (context) => {
  const { values } = parseArgs({
    args: [...context.args],
    options: { only: { type: "string" }, shape: { type: "string" }, rounds: { type: "string", default: "3" } },
  });
  const { only, shape, rounds } = values;
  const names = NAMES.filter((name) => shape === undefined || name === shape);
  const contenders = CONTENDERS.filter(({ name }) => only?.split(",").includes(name) ?? true);
  const python = await pythonWith(["torch", "transformers"], context.say);
  const folder = await modelFolder(python);
  for (const { quantization } of contenders) if (quantization) await exportModel(folder, quantization);
  const workers = new Map<string, Worker<Task, Answer, Ready>>();
  try {
    for (const { name, command } of contenders) {
      const [program, ...args] = command(python);
      workers.set(name, await Worker.start(program, [...args, folder], HUGE_PAGES));
    }
    const results = await measure(workers, names, Number(rounds));
    report(results, workers, context);
    return ratiosOf(results);
  } finally {
    for (const worker of workers.values()) worker.stop();
  }
};

/** The answers of each contender to each task, without the warming ones. */
type Results = ReadonlyMap<string, ReadonlyMap<TaskName, Answer[]>>;

async function measure(
  workers: ReadonlyMap<string, Worker<Task, Answer, Ready>>,
  names: readonly TaskName[],
  rounds: number,
): Promise<Results> {
  const results = new Map(
    [...workers.keys()].map((name) => [name, new Map(names.map((task) => [task, [] as Answer[]]))]),
  );
  for (let round = 0; round <= rounds; round++) {
    const tasks = tasksOf(round);
    for (const name of names) {
      const { prompts, tokens } = tasks[name];
      const task = { prompts, tokens: round === 0 ? Math.min(WARMING, tokens) : tokens };
      for (const [contender, worker] of workers) {
        const answer = await worker.ask(task);
        if (round > 0) results.get(contender)!.get(name)!.push(answer);
      }
    }
  }
  return results;
}

const perSecond = (answers: readonly Answer[], task: TaskName): number =>
  (1000 * TOKENS[task]) / median(answers.map(({ ms }) => ms));

function report(
  results: Results,
  workers: ReadonlyMap<string, Worker<Task, Answer, Ready>>,
  { say, event }: BenchContext,
): void {
  const expected = results.get("transformers-f32");
  say(`${"".padEnd(17)}  tokens/s  prefill 512  batch 8  load ms  peak GB  same ids`);
  for (const { name: contender, exact } of CONTENDERS) {
    const answers = results.get(contender);
    if (!answers) continue;
    const { loadMs } = workers.get(contender)!.ready;
    const peakRssBytes = Math.max(...[...answers.values()].flat().map((answer) => answer.peakRssBytes));
    const speeds = NAMES.map((task) => answers.has(task) && perSecond(answers.get(task)!, task));
    const same = expected && sameIds(expected, answers);
    const columns = [
      ...[8, 11, 7].map((width, i) => (speeds[i] ? speeds[i].toFixed(1) : "").padStart(width)),
      loadMs.toFixed(0).padStart(7),
      (peakRssBytes / 1e9).toFixed(2).padStart(7),
      (same === undefined ? "" : `${(100 * same).toFixed(0)} %`).padStart(8),
    ];
    say(`${contender.padEnd(17)}  ${columns.join("  ")}`);
    if (exact && same !== undefined && same < 1) say(`${contender} gives other ids than transformers in float32.`);
    const measured = Object.fromEntries(NAMES.flatMap((task, i) => (speeds[i] ? [[task, speeds[i]]] : [])));
    event({ type: "measurement", contender, ...measured, loadMs, peakRssBytes, sameIds: same });
  }
}

/** The share of ids before a row first differs from transformers in float32. */
function sameIds(expected: ReadonlyMap<TaskName, Answer[]>, answers: ReadonlyMap<TaskName, Answer[]>): number {
  let [same, all] = [0, 0];
  for (const [task, list] of expected) {
    for (const [round, { ids }] of list.entries()) {
      for (const [row, wanted] of ids.entries()) {
        const given = answers.get(task)![round]!.ids[row]!;
        const first = wanted.findIndex((id, i) => id !== given[i]);
        same += first === -1 ? wanted.length : first;
        all += wanted.length;
      }
    }
  }
  return same / all;
}

function ratiosOf(results: Results): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const [name, [first, second, task]] of Object.entries(RATIOS)) {
    const [ours, theirs] = [results.get(first)?.get(task), results.get(second)?.get(task)];
    if (ours && theirs) ratios[name] = perSecond(ours, task) / perSecond(theirs, task);
  }
  return ratios;
}
