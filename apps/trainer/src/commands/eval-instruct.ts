import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  checkInstructions,
  exactMatch,
  type Instruction,
  type JudgedResponse,
  parseEntries,
  queryModel,
  rougeL,
  type Scores,
  scoreResponses,
  splitData,
} from "@scratch-llm/finetune-instruct";
import { openAnswerFile } from "@scratch-llm/finetune-instruct/node";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "../bring-up.ts";
import type { Context } from "../flags.ts";
import { findModel } from "../find-model.ts";
import { interrupted } from "../interrupt.ts";
import { fill } from "../messages/messages.ts";
import { makeDecoder } from "../make-decoder.ts";
import { newRunPath } from "../run-folder.ts";
import { InstructConfig } from "../tuning/answer-config.ts";
import { answerTasks } from "../tuning/answer-tasks.ts";
import { readDataFile } from "../tuning/data-file.ts";
import { formatCalled, ownFormat } from "../tuning/own-format.ts";
import { responsesMarkdown } from "../tuning/responses-markdown.ts";
import { readSavedTuning } from "../tuning/tuning-plan.ts";

/** The flags of `eval instruct`. */
export interface EvalInstructFlags {
  readonly model?: string;
  readonly data?: string;
  readonly format?: string;
  readonly limit?: number;
  readonly maxNewTokens?: number;
  readonly batchSize: number;
  readonly judge?: string;
  readonly judgeModel: string;
  readonly concurrency: number;
  readonly out?: string;
  readonly eager?: boolean;
}

/** What a finished run says about its own evaluation. */
interface Subject {
  readonly weights: string;
  /** The folder of the run that the weights belong to. */
  readonly runDir: string | undefined;
  /** Its settings; undefined where it was no instruction run. */
  readonly config: InstructConfig | undefined;
  readonly dataFile: string | undefined;
}

/**
 * `scratch-llm eval instruct`: lets a model answer tasks and scores the answers, by a judge or by their wording alone. What an
 * interrupted evaluation has found is found again.
 */
export async function evalInstruct(flags: EvalInstructFlags, context: Context): Promise<void> {
  const { output, messages, backend } = context;
  const subject = await findSubject(flags.model, context);
  const tasks = await tasksFor(subject, flags);
  const own = flags.format === undefined ? await ownFormat(subject.weights) : undefined;
  const { format, name: formatName } = own ?? (await formatCalled(flags.format ?? "alpaca", subject.weights));
  const out = flags.out ?? (subject.runDir === undefined ? await newRunPath("eval") : join(subject.runDir, "eval"));
  const { name } = await bringUpBackend(backend, output, messages);
  const { model, tokenizer } = await loadModelFolder(subject.weights);
  const decoder = makeDecoder(model.eval(), { backend: name, eager: flags.eager });
  const maxNewTokens = flags.maxNewTokens ?? subject.config?.responses.maxNewTokens ?? 256;
  const answering = { model: decoder, tokenizer, format, maxNewTokens, batchSize: flags.batchSize };
  const { mtimeMs } = await stat(subject.weights);
  const asked = JSON.stringify([subject.weights, mtimeMs, format.prompt({ instruction: "", input: "" }), maxNewTokens]);
  const store = await openAnswerFile(join(out, "responses.jsonl"), asked);
  const responses: JudgedResponse[] = [];
  for await (const response of answerTasks(tasks, store, { ...answering, signal: interrupted })) {
    output.progress(fill(messages.tuning.answering, { done: responses.length + 1, total: tasks.length }));
    output.event({ type: "response", index: responses.length, response });
    responses.push({ ...(tasks[responses.length] as Instruction), response });
  }
  decoder.dispose();
  model.dispose();
  const judged =
    flags.judge === undefined
      ? undefined
      : await judge(flags.judge, responses, join(out, "verdicts.jsonl"), flags, context);
  await report({ responses, judged, out, flags, formatName }, context);
}

async function findSubject(wished: string | undefined, { messages }: Context): Promise<Subject> {
  const weights = await findModel(wished, messages);
  const runDir = dirname(dirname(weights));
  const saved = await readSavedTuning(runDir);
  if (saved === undefined) return { weights, runDir: undefined, config: undefined, dataFile: undefined };
  const config = saved.command === "instruct" ? InstructConfig.parse(saved.config) : undefined;
  return { weights, runDir, config, dataFile: config && saved.data.file };
}

/** The entries of `--data`; without it, the part of the run's data, or of the built-in set, that was kept for tests. */
async function tasksFor({ config, dataFile }: Subject, { data, limit }: EvalInstructFlags): Promise<Instruction[]> {
  const { content } = await readDataFile(data ?? dataFile, SAMPLE_SETS.instructions);
  const tasksIn = (text: string): Instruction[] => checkInstructions(parseEntries(text) as object[]);
  if (typeof content !== "string") return tasksIn(content.test).slice(0, limit);
  const all = tasksIn(content);
  const { trainFraction: train = 0.85, testFraction: test = 0.1 } = config?.data ?? {};
  return (data === undefined ? splitData(all, { train, test }).test : all).slice(0, limit);
}

async function judge(
  url: string,
  responses: readonly JudgedResponse[],
  path: string,
  { judgeModel, concurrency }: EvalInstructFlags,
  { output, messages }: Context,
): Promise<Scores> {
  const apiKey = process.env["SCRATCH_LLM_JUDGE_KEY"];
  const query = queryModel({ url, model: judgeModel, ...(apiKey !== undefined && { apiKey }) });
  const store = await openAnswerFile(path, `${judgeModel} ${url}`);
  let done = 0;
  return scoreResponses(responses, {
    query,
    concurrency,
    store,
    signal: interrupted,
    onVerdict: (verdict) => {
      output.progress(fill(messages.tuning.judging, { done: (done += 1), total: responses.length }));
      output.event({ ...verdict, type: "score" });
    },
  });
}

interface Evaluation {
  readonly responses: readonly JudgedResponse[];
  readonly judged: Scores | undefined;
  readonly out: string;
  readonly flags: EvalInstructFlags;
  readonly formatName: string;
}

async function report(
  { responses, judged, out, flags, formatName }: Evaluation,
  { output, messages }: Context,
): Promise<void> {
  output.clearProgress();
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rouge = responses.map(({ response, output: expected }) => rougeL(response, expected));
  const exact = mean(responses.map(({ response, output: expected }) => Number(exactMatch(response, expected))));
  const answered = responses.map((entry, i) => {
    const score = judged?.verdicts[i]?.score;
    const remark =
      judged === undefined ? `ROUGE-L ${rouge[i]?.toFixed(2)}` : fill(messages.tuning.score, { score: score ?? "–" });
    return { ...entry, remark };
  });
  const path = join(out, "responses.md");
  await writeFileAtomic(path, responsesMarkdown(answered, messages));
  // The book's file: every entry with "model_response".
  const entries = responses.map(({ response, ...entry }) => ({ ...entry, model_response: response }));
  await writeFileAtomic(join(out, "responses.json"), `${JSON.stringify(entries, null, 2)}\n`);

  const results = { entries: responses.length, exactMatch: exact, rougeL: mean(rouge) };
  const shown = { count: responses.length, exact: (100 * exact).toFixed(1), rouge: results.rougeL.toFixed(3) };
  output.result(fill(messages.tuning.wording, shown));
  if (judged) {
    const { mean: score, unscored } = judged;
    output.result(fill(messages.tuning.judged, { judge: flags.judgeModel, score: score.toFixed(2), unscored }));
  }
  output.note(fill(messages.tuning.written, { path }));
  const verdict = judged && { judge: flags.judgeModel, score: judged.mean, unscored: judged.unscored };
  output.event({ type: "done", format: formatName, ...results, ...verdict, out });
}
