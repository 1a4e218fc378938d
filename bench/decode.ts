import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Generator } from "@scratch-llm/nn";
import type { Bench, BenchContext } from "./bench.ts";
import { median } from "./median.ts";
import { modelFolder } from "./model-folder.ts";
import { pythonWith } from "./python.ts";
import { Worker } from "./worker.ts";

/** Who decodes. Each is a process that answers the tasks of `Task`, see decode-ours.ts and decode_peer.py. */
interface Contender {
  readonly name: string;
  /** The program and its arguments; the model folder follows. */
  readonly command: (python: string) => readonly [string, ...string[]];
  /** Whether it must give the ids that transformers gives in float32. */
  readonly exact: boolean;
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
  { name: "transformers-bf16", command: peer("bf16"), exact: false },
  { name: "tfjs-eager", command: ours("eager"), exact: true },
  { name: "tfjs-compiled", command: ours("compiled"), exact: true },
];

/** Tokens per second of one contender over those of another: above 1 is the first one faster. */
const RATIOS: Readonly<Record<string, readonly [string, string, TaskName]>> = {
  tfjsVsTransformersF32: ["tfjs-compiled", "transformers-f32", "decode"],
  tfjsVsEager: ["tfjs-compiled", "tfjs-eager", "decode"],
  tfjsPrefillVsTransformersF32: ["tfjs-compiled", "transformers-f32", "prefill"],
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
  /** Until the first of the tokens. */
  readonly firstMs: number;
  readonly peakRssBytes: number;
}

/** What it says first. */
export interface Ready {
  readonly loadMs: number;
}

const VOCABULARY = 50257;
const generator = new Generator(123);
const prompt = (length: number): number[] => Array.from({ length }, () => generator.randint(0, VOCABULARY));

const TASKS = {
  decode: { prompts: [prompt(10)], tokens: 200 },
  prefill: { prompts: [prompt(512)], tokens: 1 },
  batch8: { prompts: Array.from({ length: 8 }, () => prompt(16)), tokens: 48 },
} as const satisfies Record<string, Task>;
type TaskName = keyof typeof TASKS;

/** Tokens that count: those that are read in `prefill`, those that are written elsewhere. */
const tokensOf = (name: TaskName): number =>
  name === "prefill" ? TASKS.prefill.prompts[0].length : TASKS[name].prompts.length * TASKS[name].tokens;

/**
 * Greedy decoding with GPT-2 124M, random weights, beside transformers. All contenders are loaded, then take turns.
 * `--only a,b` measures some of them, `--rounds N` so many times (default 3, after one that warms up).
 */
export const bench: Bench = async (context) => {
  const { values } = parseArgs({
    args: [...context.args],
    options: { only: { type: "string" }, rounds: { type: "string", default: "3" } },
    strict: false,
  });
  const only = typeof values.only === "string" ? values.only.split(",") : undefined;
  const contenders = CONTENDERS.filter(({ name }) => only?.includes(name) ?? true);
  const python = await pythonWith(["torch", "transformers"], context.say);
  const folder = await modelFolder(python);
  const workers = new Map<Contender, Worker<Task, Answer, Ready>>();
  try {
    for (const contender of contenders) {
      const [program, ...args] = contender.command(python);
      workers.set(contender, await Worker.start(program, [...args, folder]));
    }
    const results = await measure(workers, Number(values.rounds));
    report(results, workers, context);
    return ratiosOf(results);
  } finally {
    for (const worker of workers.values()) worker.stop();
  }
};

/** The answers by contender and task, without the warming ones. */
type Results = Map<string, Record<TaskName, Answer[]>>;

async function measure(workers: ReadonlyMap<Contender, Worker<Task, Answer, Ready>>, rounds: number): Promise<Results> {
  const results: Results = new Map();
  for (const { name } of workers.keys()) results.set(name, { decode: [], prefill: [], batch8: [] });
  for (let round = 0; round <= rounds; round++) {
    for (const name of Object.keys(TASKS) as TaskName[]) {
      for (const [contender, worker] of workers) {
        const answer = await worker.ask(TASKS[name]);
        if (round > 0) results.get(contender.name)![name].push(answer);
      }
    }
  }
  return results;
}

const perSecond = (answers: readonly Answer[], task: TaskName): number =>
  (1000 * tokensOf(task)) / median(answers.map(({ ms }) => ms));

function report(
  results: Results,
  workers: ReadonlyMap<Contender, Worker<Task, Answer, Ready>>,
  { say, event }: BenchContext,
): void {
  const expected = results.get("transformers-f32");
  say(`${"".padEnd(18)}  tokens/s  prefill 512  batch 8  load ms  peak GB`);
  for (const [contender, { ready }] of workers) {
    const answers = results.get(contender.name)!;
    const { loadMs } = ready;
    const peakRssBytes = answers.batch8.at(-1)?.peakRssBytes ?? Number.NaN;
    const [decode, prefill, batch8] = (["decode", "prefill", "batch8"] as const).map((task) =>
      perSecond(answers[task], task),
    ) as [number, number, number];
    const columns = [decode.toFixed(1), prefill.toFixed(0), batch8.toFixed(0), loadMs.toFixed(0)];
    const widths = [8, 11, 7, 7];
    const line = columns.map((column, i) => column.padStart(widths[i] as number)).join("  ");
    say(`${contender.name.padEnd(18)}  ${line}  ${(peakRssBytes / 1e9).toFixed(2).padStart(7)}`);
    const sameIds = expected && sameIdsAs(expected, answers);
    if (contender.exact && sameIds === false) say(`${contender.name} gives other ids than transformers in float32.`);
    event({ type: "measurement", contender: contender.name, decode, prefill, batch8, loadMs, peakRssBytes, sameIds });
  }
}

/** Whether the new ids of `decode` and `batch8` are the same. */
function sameIdsAs(expected: Record<TaskName, Answer[]>, answers: Record<TaskName, Answer[]>): boolean {
  return (["decode", "batch8"] as const).every(
    (task) => JSON.stringify(answers[task][0]?.ids) === JSON.stringify(expected[task][0]?.ids),
  );
}

function ratiosOf(results: Results): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const [name, [first, second, task]] of Object.entries(RATIOS)) {
    const [ours, theirs] = [results.get(first), results.get(second)];
    if (ours && theirs) ratios[name] = perSecond(ours[task], task) / perSecond(theirs[task], task);
  }
  return ratios;
}
