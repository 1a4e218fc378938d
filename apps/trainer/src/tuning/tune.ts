import type { BackendInfo } from "@scratch-llm/backend/node";
import type { GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, defaultGenerator, manualSeed } from "@scratch-llm/nn";
import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from "@scratch-llm/pretrain/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { bringUpBackend } from "../bring-up.ts";
import type { Context } from "../flags.ts";
import { formatBytes, formatCount, formatDuration } from "../format.ts";
import { loadModelToTrain } from "../load-model.ts";
import { loopOptions } from "../loop-options.ts";
import { memoryNeed, type MemoryRequest, requireMemory } from "../memory-check.ts";
import { stepKind } from "../memory-estimate.ts";
import { fill } from "../messages/messages.ts";
import { tellSettings } from "../resolve-config.ts";
import { RunFolder } from "../run-folder.ts";
import { type ComputeOptions, StepCompiler } from "../step-compiler.ts";
import type { TrainingReport } from "../training-report.ts";
import { watchTraining } from "../watch-training.ts";
import type { Parts } from "./data-file.ts";
import { estimateSeconds } from "./estimate-seconds.ts";
import { trainableParameters } from "./tuned-model.ts";
import type { TuningConfig } from "./tuning-config.ts";
import { type TuningPlan, tuningToJson } from "./tuning-plan.ts";
import type { PreparedTask, TuningTask } from "./tuning-task.ts";

/** How a plan is carried out. */
export interface TuneOptions {
  readonly dryRun: boolean;
  readonly compute: ComputeOptions;
}

/** Everything that is known before the training begins. */
interface Prepared<C> {
  readonly plan: TuningPlan<C>;
  readonly checkpoint: string | undefined;
  readonly backend: BackendInfo;
  readonly entries: Parts<number>;
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly task: PreparedTask;
  readonly totalSteps: number;
}

/** Carries a fine-tuning plan out: tells what it needs, trains, reports, saves, and looks at what the model can do now. */
export async function tune<C extends TuningConfig>(
  task: TuningTask<C>,
  plan: TuningPlan<C>,
  { dryRun, compute }: TuneOptions,
  context: Context,
): Promise<void> {
  const compiler = new StepCompiler(compute);
  try {
    const prepared = await prepare(task, plan, compiler, context);
    await announce(prepared, compute, context);
    if (dryRun) tellSettings(plan.config, context.output);
    else await train(prepared, task.command, compiler, context);
    prepared.model.dispose();
  } finally {
    compiler.dispose();
  }
}

async function prepare<C extends TuningConfig>(
  task: TuningTask<C>,
  plan: TuningPlan<C>,
  compiler: StepCompiler,
  context: Context,
): Promise<Prepared<C>> {
  const { config, init } = plan;
  const checkpoint = plan.checkpoint ?? (await latestCheckpoint(plan.folder));
  if (checkpoint === undefined) await RunFolder.requireUsable(plan.folder);
  const opened = task.open(plan);
  const backend = await bringUpBackend(context.backend, context.output, context.messages);
  const { model, tokenizer } = await loadModelToTrain(init, { dropRate: config.model.dropRate });
  manualSeed(config.seed);
  const prepared = await opened.prepare({ model, tokenizer, compiler }, context);
  const { epochs, maxSteps = Infinity, accumulationSteps } = config.train;
  const totalSteps = Math.min(maxSteps, epochs * Math.ceil(prepared.trainLoader.length / accumulationSteps));
  return { plan, checkpoint, backend, entries: opened.entries, model, tokenizer, task: prepared, totalSteps };
}

/** The first lines of a run; refuses what will not fit into memory. */
async function announce<C extends TuningConfig>(
  { plan, backend, entries, model, task, totalSteps }: Prepared<C>,
  compute: ComputeOptions,
  { output, messages }: Context,
): Promise<void> {
  const { config, folder, init } = plan;
  const { batchSize } = config.train;
  const params = model.numParameters();
  const trainable = [...trainableParameters(model).values()].reduce((sum, { size }) => sum + size, 0);
  const request: MemoryRequest = {
    config: { ...model.config, contextLength: task.widths.longest },
    batchSize: batchSize * task.rowsPerEntry,
    backend,
    kind: stepKind(compute),
    trainable,
    lengthSetting: "data.maxLength",
  };
  const memory = await memoryNeed(request);
  const say = (message: string, values: Record<string, string | number>): void => output.note(fill(message, values));
  say(messages.tuning.model, { params: formatCount(params), trainable: formatCount(trainable), init });
  say(messages.tuning.data, { ...entries, skipped: task.skipped, steps: totalSteps });
  const { truncated = 0, widths } = task;
  if (truncated > 0) say(messages.tuning.truncated, { count: truncated, length: widths.longest });
  say(messages.run.backend, { name: backend.name, reason: backend.reason });
  say(messages.run.seed, { seed: config.seed, precision: compute.precision });
  say(messages.run.memory, { needed: formatBytes(memory.needed), available: formatBytes(memory.available) });
  requireMemory(memory, request, messages);
  const etaSeconds = await estimateSeconds(model, config, task, totalSteps, compute);
  say(messages.tuning.time, { duration: formatDuration(etaSeconds) });
  say(messages.run.folder, { path: folder });
  output.event({
    type: "start",
    params,
    trainableParams: trainable,
    entries: { ...entries, skipped: task.skipped },
    backend: backend.name,
    reason: backend.reason,
    precision: compute.precision,
    seed: config.seed,
    memoryBytes: memory.needed,
    etaSeconds,
    steps: totalSteps,
    init,
    runDir: folder,
  });
}

async function train<C extends TuningConfig>(
  { plan, checkpoint, model, task, totalSteps }: Prepared<C>,
  command: string,
  compiler: StepCompiler,
  context: Context,
): Promise<void> {
  const { config } = plan;
  const folder = await RunFolder.open(plan.folder);
  await folder.writeConfig(tuningToJson(plan));
  const { learningRate: lr, weightDecay, keepLast } = config.train;
  if (checkpoint !== undefined) await task.restore(checkpoint);
  const optimizer = new AdamW(trainableParameters(model), { lr, weightDecay });
  const generator = defaultGenerator;
  const state =
    checkpoint === undefined ? undefined : (await loadCheckpoint(checkpoint, { optimizer, generator })).state;
  const saveModel = (path: string): Promise<void> => task.save(path);
  const events = task.events({
    ...loopOptions(config.train, totalSteps, compiler),
    model,
    optimizer,
    saveCheckpoint: (at) => saveCheckpoint(plan.folder, { state: at, optimizer, generator, keepLast, saveModel }),
    ...(state && { resume: state }),
  });
  try {
    const watched = { ...task, events, folder, totalSteps, state, title: plan.preset, command: `train ${command}` };
    const report = await watchTraining(watched, context);
    compiler.dispose();
    tellEnd(report, plan, await task.finish(folder, context), context);
  } finally {
    optimizer.dispose();
  }
}

function tellEnd<C>(
  { tokensPerSecond, lastCheckpoint: checkpoint, seconds }: TrainingReport,
  { folder }: TuningPlan<C>,
  found: Readonly<Record<string, unknown>>,
  { output, messages }: Context,
): void {
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const speed = Math.round(tokensPerSecond).toLocaleString("en-US");
  output.result(fill(messages.tuning.cost, { memory: formatBytes(peakMemoryBytes), speed }));
  output.event({ type: "done", runDir: folder, checkpoint, ...found, seconds, peakMemoryBytes, tokensPerSecond });
}
