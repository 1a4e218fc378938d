import { GPTModelFast, type GPTConfig } from "@scratch-llm/gpt";
import { AdamW, FastDropout, Generator } from "@scratch-llm/nn";
import { DataLoader } from "@scratch-llm/dataloader";
import { trainModel } from "@scratch-llm/pretrain";
import type { Loaders } from "./corpus.ts";
import type { RunConfig } from "./run-config.ts";
import { type ComputeOptions, StepCompiler } from "./step-compiler.ts";

/** Steps that the probe takes; the first warms up and does not count. */
export const PROBE_STEPS = 3;

/** A forward pass costs about a third of a training step. */
const EVAL_SHARE = 1 / 3;

/**
 * Seconds that the run will take, from three steps with a model, optimizer and generator of its own: the run's draws and
 * losses are the same with and without it.
 */
export async function estimateSeconds(
  config: GPTConfig,
  settings: RunConfig,
  loaders: Loaders,
  steps: number,
  compute: ComputeOptions,
): Promise<number> {
  const generator = new Generator(settings.seed);
  const model = new GPTModelFast(config, { generator });
  const { batchSize, evalEvery, evalBatches, accumulationSteps } = settings.train;
  const optimizer = new AdamW(model.namedParameters(), { lr: settings.train.learningRate });
  const trainLoader = new DataLoader(loaders.train.dataset, { batchSize, generator });
  const times = [performance.now()];
  const compiler = new StepCompiler(compute);
  try {
    const dropout = new FastDropout(generator);
    const { compile } = compiler;
    const run = { model, optimizer, trainLoader, valLoader: trainLoader, dropout, accumulationSteps };
    for await (const event of trainModel({ ...run, ...(compile && { compile }), maxSteps: PROBE_STEPS })) {
      if (event.type === "step") times.push(performance.now());
    }
  } finally {
    compiler.dispose();
    optimizer.dispose();
    model.dispose();
  }
  const perStep = (times.at(-1)! - times[1]!) / (times.length - 2) / 1000;
  const evalBatchCount = Math.min(evalBatches, loaders.train.length) + Math.min(evalBatches, loaders.val.length);
  const evaluations = Math.ceil(steps / evalEvery);
  return perStep * (steps + (evaluations * evalBatchCount * EVAL_SHARE) / accumulationSteps);
}
