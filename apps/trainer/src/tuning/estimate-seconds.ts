import type { GPTModelFast } from "@scratch-llm/gpt";
import { identityCompile, withoutDropout } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { type ComputeOptions, StepCompiler } from "../step-compiler.ts";
import type { TuningConfig } from "./tuning-config.ts";
import type { PreparedTask } from "./tuning-task.ts";

const PASSES = 3;
/** Passes forward that a training step costs where everything is trained: itself, and back through values and weights. */
const VALUES = 1;
const WEIGHTS = 1;

/**
 * Seconds that a fine-tuning will take, from one pass of a typical batch through the model: what is frozen costs no
 * gradient, and evaluations are passes.
 */
export async function estimateSeconds(
  model: GPTModelFast,
  { train }: Pick<TuningConfig, "train">,
  { widths, rowsPerEntry, trainLoader }: Pick<PreparedTask, "widths" | "rowsPerEntry" | "trainLoader">,
  totalSteps: number,
  compute: ComputeOptions,
): Promise<number> {
  const rows = train.batchSize * rowsPerEntry;
  const pass = await secondsOfPass(model, rows, Math.round(widths.typical), compute);
  const share = backwardShare(model);
  const perStep = pass * train.accumulationSteps * (1 + VALUES * share.values + WEIGHTS * share.weights);
  const perEvaluation = pass * 2 * Math.min(train.evalBatches, trainLoader.length);
  const seconds = totalSteps * perStep + Math.ceil(totalSteps / train.evalEvery) * perEvaluation;
  return Math.min(seconds, (train.maxMinutes ?? Infinity) * 60);
}

/** The last pass, which finds everything set up. */
async function secondsOfPass(
  model: GPTModelFast,
  rows: number,
  width: number,
  compute: ComputeOptions,
): Promise<number> {
  const ids = tf.zeros<tf.Rank.R2>([rows, width], "int32");
  const compiler = new StepCompiler(compute);
  const { compile = identityCompile } = compiler;
  const forward = compile((input: tf.Tensor2D) => tf.tidy(() => model.forward(input).sum()), { name: "estimate" });
  try {
    return await withoutDropout(model, async () => {
      let started = performance.now();
      for (let pass = 0; pass < PASSES; pass++) {
        started = performance.now();
        const sum = forward(ids);
        await sum.data();
        sum.dispose();
      }
      return (performance.now() - started) / 1000;
    });
  } finally {
    ids.dispose();
    compiler.dispose();
  }
}

/** Through which share of the blocks gradients flow, and for which share of the weights they are formed. */
function backwardShare(model: GPTModelFast): { values: number; weights: number } {
  const { nLayers } = model.config;
  let [first, trained, all] = [nLayers, 0, 0];
  for (const [name, { trainable, size }] of model.namedParameters()) {
    all += size;
    if (!trainable) continue;
    trained += size;
    const block = /^trfBlocks\.(\d+)\./u.exec(name)?.[1];
    if (block !== undefined) first = Math.min(first, Number(block));
    else if (/^(?:tok|pos)Emb/u.test(name)) first = 0;
  }
  return { values: (nLayers - first) / nLayers, weights: trained / all };
}
