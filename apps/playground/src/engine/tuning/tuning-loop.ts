import type { GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, FastDropout, type Generator } from "@scratch-llm/nn";
import { warmupCosine } from "@scratch-llm/pretrain";
import type { LoRAOptions } from "@scratch-llm/lora";
import { EngineFault } from "../fault.ts";
import type { TuningSettings } from "../protocol.ts";

const WARMUP_STEPS = 10;
const WEIGHT_DECAY = 0.1;

/** Steps of a whole tuning. @throws EngineFault when there is not one batch */
export function stepsOf({ epochs, batchSize }: TuningSettings, batches: number): number {
  if (batches > 0) return epochs * batches;
  throw new EngineFault(
    "TEXT_TOO_SHORT",
    `There are fewer entries than one batch of ${batchSize}; take a smaller batch.`,
  );
}

/** An optimizer over what is trained, and the loop's settings that every tuning shares. */
export function tuningOptions(model: GPTModelFast, settings: TuningSettings, generator: Generator, totalSteps: number) {
  const { learningRate: peakLr, epochs } = settings;
  const warmupSteps = Math.min(WARMUP_STEPS, totalSteps - 1);
  const rates = { peakLr, minLr: peakLr / 10, initialLr: peakLr / Math.max(1, warmupSteps), warmupSteps, totalSteps };
  return {
    model,
    optimizer: new AdamW(model.namedParameters(), { lr: peakLr, weightDecay: WEIGHT_DECAY }),
    epochs,
    schedule: warmupCosine(rates),
    clipNorm: { maxNorm: 1 },
    dropout: new FastDropout(generator),
    evalEvery: 10,
    evalBatches: 4,
  };
}

/** The LoRA layers that the settings ask for. */
export function loraOf({ rank, alpha }: TuningSettings, generator: Generator): LoRAOptions {
  return { rank, alpha, scaling: "alpha/rank", generator };
}

/** How many of the model's numbers are trained. */
export function countTrainable(model: GPTModelFast): number {
  return model.parameters().reduce((sum, { trainable, size }) => sum + (trainable ? size : 0), 0);
}
