import type { BackendInfo } from "@scratch-llm/backend/node";
import { respondAll, splitData, type PromptFormat, type SplitData, type Task } from "@scratch-llm/finetune-instruct";
import { countParameters, type GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, defaultGenerator, manualSeed } from "@scratch-llm/nn";
import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from "@scratch-llm/pretrain/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { bringUpBackend } from "../bring-up.ts";
import { TrainerError } from "../errors.ts";
import type { Context } from "../flags.ts";
import { formatBytes, formatCount } from "../format.ts";
import { interrupted } from "../interrupt.ts";
import { loadModelToTrain } from "../load-model.ts";
import { loopOptions } from "../loop-options.ts";
import { memoryNeed, type MemoryRequest, requireMemory } from "../memory-check.ts";
import { fill } from "../messages/messages.ts";
import { RunFolder, writeWhole } from "../run-folder.ts";
import { type ComputeOptions, StepCompiler } from "../step-compiler.ts";
import { watchTraining } from "../watch-training.ts";
import { findFormat } from "./prompt-formats.ts";
import { type AnsweredTask, responsesMarkdown } from "./responses-markdown.ts";
import { addLora, restoreTunedModel, saveTunedModel, trainableParameters } from "./tuned-model.ts";
import type { InstructConfig } from "./tuning-config.ts";
import { type TuningPlan, tuningToJson } from "./tuning-plan.ts";
import type { PreparedTask, TuningTask } from "./tuning-task.ts";

/** How a plan is carried out. */
export interface TuneOptions {
  readonly dryRun: boolean;
  readonly compute: ComputeOptions;
}

/** Everything that is known before the training begins. */
interface Prepared<C, T> {
  readonly plan: TuningPlan<C>;
  readonly checkpoint: string | undefined;
  readonly backend: BackendInfo;
  readonly data: SplitData<T>;
  readonly format: PromptFormat;
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly task: PreparedTask;
  readonly totalSteps: number;
}

/** Carries a fine-tuning plan out: tells what it needs, trains, reports, saves, and writes down what the model now answers. */
export async function tune<C extends InstructConfig, T extends Task>(
  task: TuningTask<C, T>,
  plan: TuningPlan<C>,
  { dryRun, compute }: TuneOptions,
  context: Context,
): Promise<void> {
  const compiler = new StepCompiler(compute);
  try {
    const prepared = await prepare(task, plan, compiler, context);
    await announce(prepared, compute, context);
    if (dryRun) context.output.event({ type: "done", dryRun: true });
    else await train(prepared, task, compiler, context);
    prepared.model.dispose();
  } finally {
    compiler.dispose();
  }
}

async function prepare<C extends InstructConfig, T extends Task>(
  task: TuningTask<C, T>,
  plan: TuningPlan<C>,
  compiler: StepCompiler,
  { output, messages, backend: choice }: Context,
): Promise<Prepared<C, T>> {
  const { config, init } = plan;
  const checkpoint = plan.checkpoint ?? (await latestCheckpoint(plan.folder));
  if (checkpoint === undefined) await RunFolder.requireUsable(plan.folder);
  // What may be wrong with data or settings is found before anything is set up or loaded.
  const data = splitEntries(task.check(plan.data.entries), config.data);
  const format = await findFormat(config.data.format, init);
  const backend = await bringUpBackend(choice, output, messages);
  const { model, tokenizer } = await loadModelToTrain(init, { dropRate: config.model.dropRate });
  manualSeed(config.seed);
  const maxLength = Math.min(config.data.maxLength, model.config.contextLength);
  const material = { config, data, model, tokenizer, format, maxLength, compiler };
  const prepared = await task.prepare(material, messages);
  requireBatch(prepared, config.train.batchSize, maxLength);
  if (config.lora !== null) addLora(model, config.lora);
  const { epochs, maxSteps = Infinity, accumulationSteps } = config.train;
  const totalSteps = Math.min(maxSteps, epochs * Math.ceil(prepared.trainLoader.length / accumulationSteps));
  return { plan, checkpoint, backend, data, format, model, tokenizer, task: prepared, totalSteps };
}

/** @throws {TrainerError} `DATA` when nothing is left to train or to validate with */
function splitEntries<T>(entries: readonly T[], { trainFraction, testFraction }: InstructConfig["data"]): SplitData<T> {
  const data = splitData(entries, { train: trainFraction, test: testFraction });
  if (data.train.length > 0 && data.val.length > 0) return data;
  throw new TrainerError(
    "DATA",
    `${entries.length} entries give ${data.train.length} to train on and ${data.val.length} to validate. Give more, ` +
      `or other shares with --set data.trainFraction and data.testFraction.`,
  );
}

/** @throws {TrainerError} `DATA` when there is not one whole batch */
function requireBatch({ trainLoader, skipped }: PreparedTask, batchSize: number, maxLength: number): void {
  if (trainLoader.length > 0) return;
  const { length } = trainLoader.dataset;
  throw new TrainerError(
    "DATA",
    `${length} entries are left to train on (${skipped} do not fit into ${maxLength} tokens), fewer than one batch of ` +
      `${batchSize}. Try --set train.batchSize=${Math.max(1, length)}, or a shorter format: --set data.format=phi3.`,
  );
}

/** The first lines of a run; refuses what will not fit into memory. */
async function announce<C extends InstructConfig, T>(
  { plan, backend, data, model, task, totalSteps }: Prepared<C, T>,
  compute: ComputeOptions,
  { output, messages }: Context,
): Promise<void> {
  const { config, folder, init } = plan;
  const { batchSize } = config.train;
  const params = countParameters(model.config);
  const trainable = [...trainableParameters(model).values()].reduce((sum, { size }) => sum + size, 0);
  const request: MemoryRequest = {
    config: { ...model.config, contextLength: task.longest },
    batchSize: batchSize * task.rowsPerEntry,
    backend,
    kind: compute.eager ? "eager" : "compiled",
    trainable,
    lengthSetting: "data.maxLength",
  };
  const memory = await memoryNeed(request);
  const say = (message: string, values: Record<string, string | number>): void => output.note(fill(message, values));
  say(messages.tuning.model, { params: formatCount(params), trainable: formatCount(trainable), init });
  const counts = { train: data.train.length, val: data.val.length, test: data.test.length };
  say(messages.tuning.data, { ...counts, skipped: task.skipped, steps: totalSteps });
  say(messages.run.backend, { name: backend.name, reason: backend.reason });
  say(messages.run.seed, { seed: config.seed, precision: compute.precision });
  say(messages.run.memory, { needed: formatBytes(memory.needed), available: formatBytes(memory.available) });
  say(messages.run.folder, { path: folder });
  requireMemory(memory, request, messages);
  output.event({
    type: "start",
    params,
    trainableParams: trainable,
    entries: { ...counts, skipped: task.skipped },
    backend: backend.name,
    reason: backend.reason,
    precision: compute.precision,
    seed: config.seed,
    memoryBytes: memory.needed,
    etaSeconds: null,
    steps: totalSteps,
    init,
    runDir: folder,
  });
}

async function train<C extends InstructConfig, T extends Task>(
  prepared: Prepared<C, T>,
  { command }: TuningTask<C, T>,
  compiler: StepCompiler,
  context: Context,
): Promise<void> {
  const { plan, checkpoint, model, tokenizer, format, data, task, totalSteps } = prepared;
  const { config, init } = plan;
  const folder = await RunFolder.open(plan.folder);
  await folder.writeConfig(tuningToJson(plan));
  const { learningRate: lr, weightDecay, keepLast } = config.train;
  if (checkpoint !== undefined) await restoreTunedModel(checkpoint, model, config.lora);
  const optimizer = new AdamW(trainableParameters(model), { lr, weightDecay });
  const generator = defaultGenerator;
  const state = checkpoint && (await loadCheckpoint(checkpoint, { optimizer, generator })).state;
  const saveModel = (path: string): Promise<void> =>
    saveTunedModel(path, { model, tokenizer, init, lora: config.lora });
  const { sampleEvery, ...loop } = loopOptions(config.train, totalSteps, compiler);
  const [sampled] = data.val as readonly Task[];
  const events = task.events({
    ...loop,
    model,
    optimizer,
    // The loop encodes samples without special tokens, which chat templates need.
    ...(sampleEvery &&
      sampled &&
      !format.specialTokens && { sampleEvery, startContext: format.prompt(sampled) + format.head }),
    saveCheckpoint: (at) => saveCheckpoint(plan.folder, { state: at, optimizer, generator, keepLast, saveModel }),
    ...(state && { resume: state }),
  });
  const { evalRemark, curves = [] } = task;
  const title = plan.preset;
  try {
    const watched = {
      events,
      folder,
      totalSteps,
      state: state || undefined,
      title,
      command: `train ${command}`,
      curves,
    };
    const report = await watchTraining({ ...watched, ...(evalRemark && { evalRemark }) }, context);
    compiler.dispose();
    await writeResponses(prepared, folder, context);
    finish(report.tokensPerSecond, report.lastCheckpoint, prepared, context);
  } finally {
    optimizer.dispose();
  }
}

/** The model's answers to the first tasks that it has not learned from. */
async function writeResponses<C extends InstructConfig, T extends Task>(
  { plan, data, model, tokenizer, format }: Prepared<C, T>,
  folder: RunFolder,
  { output, messages }: Context,
): Promise<void> {
  const { count, maxNewTokens } = plan.config.responses;
  const tasks: readonly Task[] = (data.test.length > 0 ? data.test : data.val).slice(0, count);
  if (tasks.length === 0) return;
  const answered: AnsweredTask[] = [];
  const options = { model: model.eval(), tokenizer, format, maxNewTokens, signal: interrupted };
  for await (const { index, response } of respondAll(tasks, options)) {
    const { instruction, input, ...entry } = tasks[index] as Task & { output?: string; chosen?: string };
    const answer = { instruction, input, output: entry.chosen ?? entry.output ?? "", response };
    answered.push(answer);
    output.result(fill(messages.tuning.answer, { instruction: `${instruction} ${input}`.trim(), response }));
    output.event({ type: "response", index, ...answer });
  }
  const path = folder.file("responses.md");
  await writeWhole(path, responsesMarkdown(answered, messages));
  output.note(fill(messages.tuning.written, { path }));
}

function finish<C, T>(
  tokensPerSecond: number,
  checkpoint: string | undefined,
  { plan }: Prepared<C, T>,
  { output, messages }: Context,
): void {
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const speed = Math.round(tokensPerSecond).toLocaleString("en-US");
  output.result(fill(messages.tuning.cost, { memory: formatBytes(peakMemoryBytes), speed }));
  output.event({ type: "done", runDir: plan.folder, checkpoint, peakMemoryBytes, tokensPerSecond });
}
