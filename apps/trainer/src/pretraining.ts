import type { BackendInfo } from "@scratch-llm/backend/node";
import { countParameters, type GPTConfig, validateConfig } from "@scratch-llm/gpt";
import { encodeSplit, type TokenSplit } from "@scratch-llm/pretrain";
import { latestCheckpoint } from "@scratch-llm/pretrain/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import type { LoadedModel } from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "./bring-up.ts";
import type { Context } from "./flags.ts";
import { type Loaders, makeLoaders, makeTokenizer } from "./corpus.ts";
import { findModel } from "./find-model.ts";
import { formatBytes, formatCount, formatDuration } from "./format.ts";
import { loadModelToTrain } from "./load-model.ts";
import { memoryNeed, requireMemory } from "./memory-check.ts";
import { stepKind } from "./memory-estimate.ts";
import { fill } from "./messages/messages.ts";
import { estimateSeconds, PROBE_STEPS } from "./probe.ts";
import { tellSettings } from "./resolve-config.ts";
import { RunFolder } from "./run-folder.ts";
import { planToJson, type RunPlan } from "./run-plan.ts";
import type { ComputeOptions } from "./step-compiler.ts";
import { makeTrainee, type Trained, type TrainingRun, train } from "./training-run.ts";

/** How a plan is carried out. */
export interface PretrainingOptions {
  /** Say what the run would need, then stop. */
  readonly dryRun: boolean;
  /** Measure three steps beforehand. */
  readonly probe: boolean;
  readonly compute: ComputeOptions;
  /** Uses the finished model before it is disposed. */
  readonly whenTrained?: (trained: Trained) => Promise<void>;
}

interface Shape {
  readonly tokenizer: Tokenizer;
  readonly modelConfig: GPTConfig;
}

interface Windows {
  readonly split: TokenSplit;
  readonly loaders: Loaders;
}

/** Everything that is known before the training begins. */
interface Prepared extends TrainingRun, Windows {
  readonly backend: BackendInfo;
}

/**
 * Carries a plan out from its texts to the trained model: tells what it needs, trains, reports, saves, and continues
 * exactly where a checkpoint stopped.
 */
export async function pretrain(plan: RunPlan, options: PretrainingOptions, context: Context): Promise<void> {
  const prepared = await prepare(plan, options, context);
  await announce(prepared, options, context);
  if (options.dryRun) {
    tellSettings(plan.config, context.output);
    return;
  }
  const folder = await openFolder(prepared);
  const trainee = await makeTrainee(prepared);
  try {
    await train(prepared, trainee, folder, context);
    const { model } = trainee;
    await options.whenTrained?.({ model: model.eval(), tokenizer: prepared.tokenizer });
    context.output.event({ type: "done", runDir: plan.folder });
  } finally {
    trainee.optimizer.dispose();
    trainee.model.dispose();
  }
}

async function prepare(plan: RunPlan, { compute }: PretrainingOptions, context: Context): Promise<Prepared> {
  const { output, messages, backend: choice } = context;
  const { config } = plan;
  const checkpoint = plan.checkpoint ?? (await latestCheckpoint(plan.folder));
  if (checkpoint === undefined) await RunFolder.requireUsable(plan.folder);
  const weights = checkpoint ?? (plan.init === undefined ? undefined : await findModel(plan.init, messages));
  // What may be wrong with new settings or texts is found before anything is set up or loaded.
  const fresh = weights === undefined ? await prepareFresh(plan, context) : undefined;
  const backend = await bringUpBackend(choice, output, messages);
  const loaded = weights === undefined ? undefined : await loadModelToTrain(weights);
  const { tokenizer, modelConfig } = fresh ?? shapeOf(loaded!);
  const { split, loaders } = fresh ?? windows(plan, tokenizer, modelConfig);
  const { epochs, maxSteps = Infinity, accumulationSteps } = config.train;
  const totalSteps = Math.min(maxSteps, epochs * Math.ceil(loaders.train.length / accumulationSteps));
  const model = loaded?.model;
  return { plan, modelConfig, tokenizer, split, loaders, totalSteps, backend, checkpoint, compute, model };
}

function shapeOf({ config, tokenizer }: LoadedModel): Shape {
  return { tokenizer, modelConfig: config };
}

/** A new model's tokenizer, shape and windows. */
async function prepareFresh(plan: RunPlan, { output, messages }: Context): Promise<Shape & Windows> {
  const { model, tokenizer: settings } = plan.config;
  validateConfig({ ...model, vocabSize: 1 });
  const tokenizer = await makeTokenizer(settings, plan.corpus, (done) =>
    output.progress(fill(messages.run.tokenizer, { vocab: done })),
  );
  const modelConfig = { ...model, vocabSize: tokenizer.vocabSize };
  return { tokenizer, modelConfig, ...windows(plan, tokenizer, modelConfig) };
}

/** Windows as long as the settings say, or as the model can see. */
function windows({ config, corpus }: RunPlan, tokenizer: Tokenizer, { contextLength }: GPTConfig): Windows {
  const split = encodeSplit(corpus.texts, tokenizer, config.data.trainFraction);
  return { split, loaders: makeLoaders(split, config, Math.min(config.model.contextLength, contextLength)) };
}

/** The first lines of a run; refuses what will not fit into memory. */
async function announce(prepared: Prepared, options: PretrainingOptions, context: Context): Promise<void> {
  const { plan, modelConfig, split, loaders, totalSteps, backend } = prepared;
  const { output, messages } = context;
  const { seed, train } = plan.config;
  const params = countParameters(modelConfig);
  const kind = stepKind(options.compute);
  const request = { config: modelConfig, batchSize: train.batchSize, backend, kind };
  const memory = await memoryNeed(request);
  const say = (message: string, values: Record<string, string | number>): void => output.note(fill(message, values));
  say(messages.run.model, {
    params: formatCount(params),
    layers: modelConfig.nLayers,
    heads: modelConfig.nHeads,
    dims: modelConfig.embDim,
    context: modelConfig.contextLength,
  });
  const counts = { train: formatCount(split.train.length), val: formatCount(split.val.length), steps: totalSteps };
  say(messages.run.data, { tokens: formatCount(split.train.length + split.val.length), ...counts });
  say(messages.run.backend, { name: backend.name, reason: backend.reason });
  say(messages.run.seed, { seed, precision: options.compute.precision });
  say(messages.run.memory, { needed: formatBytes(memory.needed), available: formatBytes(memory.available) });
  requireMemory(memory, request, messages);
  const etaSeconds = options.probe
    ? await estimateSeconds(modelConfig, plan.config, loaders, totalSteps, options.compute)
    : undefined;
  if (etaSeconds !== undefined) {
    say(messages.run.time, { duration: formatDuration(etaSeconds), probeSteps: PROBE_STEPS });
  }
  say(messages.run.folder, { path: plan.folder });
  output.event({
    type: "start",
    params,
    tokens: split.train.length + split.val.length,
    backend: backend.name,
    reason: backend.reason,
    precision: options.compute.precision,
    seed,
    memoryBytes: memory.needed,
    etaSeconds: etaSeconds ?? null,
    steps: totalSteps,
    runDir: plan.folder,
  });
}

async function openFolder({ plan }: Prepared): Promise<RunFolder> {
  const folder = await RunFolder.open(plan.folder);
  await folder.writeConfig(planToJson(plan));
  return folder;
}
