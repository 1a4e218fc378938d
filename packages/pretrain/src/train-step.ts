import type { Batch } from "@scratch-llm/dataloader";
import type { AdamW, AdamWScalars, Compile, DropoutSource, ValueAndGrads } from "@scratch-llm/nn";
import {
  clipGradNorm,
  Dropout,
  FastDropout,
  GradientAccumulator,
  gradNorm,
  KERNELS,
  valueAndGrads,
} from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { calcLossBatch, type LanguageModel } from "./losses.ts";

/** What a step is made of. */
export interface TrainStepOptions {
  readonly model: LanguageModel;
  readonly optimizer: AdamW;
  readonly dropout: DropoutSource;
  readonly compile: Compile;
  /** Whether some step of the run clips. */
  readonly clips: boolean;
  readonly trackGradNorm: boolean;
}

/** What a step leaves behind; the caller disposes it. Nothing has been read back from the backend yet. */
export interface StepResult {
  readonly loss: tf.Scalar;
  readonly gradNorm: tf.Scalar | undefined;
}

/** A norm that no gradient reaches: finite, for a graphics card may assume that numbers are. */
const NO_CLIPPING = 3e38;

/**
 * One update of the weights: forward pass, gradients, clipping, AdamW. All of it is one function of tensors, so that
 * `compile` may record it: whatever changes from step to step (batch, seed, norm, the optimizer's scalars) is fed.
 */
export class TrainStep {
  readonly #options: TrainStepOptions;
  readonly #params: ReadonlyMap<string, tf.Variable>;
  /** Set where some dropout takes its masks from a seed per step. */
  readonly #seeds: FastDropout | undefined;
  readonly #accumulator: GradientAccumulator = new GradientAccumulator();
  readonly #oneBatch: (...args: tf.Tensor[]) => tf.Tensor[];
  readonly #backward: (...args: tf.Tensor[]) => tf.Tensor[];
  readonly #apply: (...args: tf.Tensor[]) => tf.Tensor[];
  #gradNames: string[] = [];
  #lastSeed = 0;

  constructor(options: TrainStepOptions) {
    const { model, dropout, compile } = options;
    this.#options = options;
    this.#params = model.namedParameters();
    // No seed is drawn where nothing would use it: a model without dropout leaves the generator as PyTorch does.
    const drops = model.modules().some((module) => module instanceof Dropout && module.rate > 0);
    this.#seeds = drops && dropout instanceof FastDropout ? dropout : undefined;
    this.#oneBatch = compile((...args) => this.#traceOneBatch(args), { name: "trainStep" });
    this.#backward = compile((...args) => this.#traceBackward(args), { name: "backward" });
    this.#apply = compile((...args) => this.#traceApply(args), { name: "applyGradients" });
  }

  /** Updates the weights by the mean gradient of the batches, which stay the caller's. */
  run(batches: readonly Batch[], lr: number, maxNorm: number = NO_CLIPPING): StepResult {
    const scalars = feed(maxNorm, this.#options.optimizer.advance(lr));
    const [batch] = batches;
    try {
      return batches.length === 1 && batch ? this.#runOne(batch, scalars) : this.#runMany(batches, scalars);
    } finally {
      tf.dispose(scalars);
    }
  }

  /** Drops what an interrupted step has gathered, and frees the dropout source from the tensors of this loop. */
  dispose(): void {
    this.#accumulator.dispose();
    this.#seeds?.beginStep(this.#lastSeed);
  }

  #runOne({ inputs, targets }: Batch, scalars: tf.Scalar[]): StepResult {
    const seed = this.#drawSeed();
    const [loss, norm] = this.#oneBatch(inputs, targets, seed, ...scalars);
    seed.dispose();
    return { loss: loss as tf.Scalar, gradNorm: norm as tf.Scalar | undefined };
  }

  #runMany(batches: readonly Batch[], scalars: tf.Scalar[]): StepResult {
    const losses: tf.Tensor[] = [];
    for (const { inputs, targets } of batches) {
      const seed = this.#drawSeed();
      const [loss, ...grads] = this.#backward(inputs, targets, seed) as [tf.Scalar, ...tf.Tensor[]];
      this.#accumulator.add(new Map(grads.map((grad, i) => [this.#gradNames[i] ?? "", grad])), 1 / batches.length);
      losses.push(loss);
      tf.dispose([seed, ...grads]);
    }
    const sums = [...this.#accumulator.take().values()];
    const [norm] = this.#apply(...scalars, ...sums);
    const loss = tf.tidy(() => tf.addN(losses).div(losses.length)) as tf.Scalar;
    tf.dispose([sums, losses]);
    return { loss, gradNorm: norm as tf.Scalar | undefined };
  }

  #traceOneBatch([inputs, targets, seed, ...scalars]: tf.Tensor[]): tf.Tensor[] {
    return tf.tidy(() => {
      const { value, grads } = this.#gradients(inputs as tf.Tensor2D, targets as tf.Tensor2D, seed as tf.Scalar);
      return [value, ...this.#update(grads, scalars)];
    });
  }

  #traceBackward([inputs, targets, seed]: tf.Tensor[]): tf.Tensor[] {
    return tf.tidy(() => {
      const { value, grads } = this.#gradients(inputs as tf.Tensor2D, targets as tf.Tensor2D, seed as tf.Scalar);
      this.#gradNames = [...grads.keys()];
      return [value, ...grads.values()];
    });
  }

  #traceApply(args: tf.Tensor[]): tf.Tensor[] {
    const scalars = args.slice(0, args.length - this.#gradNames.length);
    const grads = args.slice(scalars.length);
    const named = new Map(grads.map((grad, i) => [this.#gradNames[i] ?? "", grad]));
    return tf.tidy(() => this.#update(named, scalars));
  }

  #gradients(inputs: tf.Tensor2D, targets: tf.Tensor2D, seed: tf.Scalar): ValueAndGrads {
    // Without the kernel masks are hashed in JavaScript, from a number; such a step cannot be recorded.
    const hasKernel = tf.getKernel(KERNELS.dropout, tf.getBackend()) !== undefined;
    this.#seeds?.beginStep(hasKernel ? seed : this.#lastSeed);
    return valueAndGrads(() => calcLossBatch({ inputs, targets }, this.#options.model), this.#params);
  }

  /** Clips and updates; answers with the norm before clipping where it is wanted. */
  #update(grads: ReadonlyMap<string, tf.Tensor>, [maxNorm, ...scalars]: tf.Tensor[]): tf.Tensor[] {
    const { optimizer, clips, trackGradNorm } = this.#options;
    if (!clips) {
      optimizer.update(grads, unfeed(scalars));
      return trackGradNorm ? [gradNorm(grads)] : [];
    }
    const clipped = clipGradNorm(grads, maxNorm as tf.Scalar);
    optimizer.update(clipped.grads, unfeed(scalars));
    return [clipped.norm];
  }

  #drawSeed(): tf.Scalar {
    this.#lastSeed = this.#seeds?.drawSeed() ?? 0;
    return tf.scalar(this.#lastSeed, "int32");
  }
}

/** The step's numbers as scalars: the norm to clip at, then three per parameter group. */
function feed(maxNorm: number, groups: readonly AdamWScalars[]): tf.Scalar[] {
  const values = groups.flatMap(({ keep, stepSize, correction }) => [keep, stepSize, correction]);
  return [maxNorm, ...values].map((value) => tf.scalar(value as number)); // advance() counts in numbers
}

function unfeed(scalars: readonly tf.Tensor[]): AdamWScalars[] {
  const groups: AdamWScalars[] = [];
  for (let i = 0; i + 2 < scalars.length; i += 3) {
    const [keep, stepSize, correction] = scalars.slice(i, i + 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
    groups.push({ keep, stepSize, correction });
  }
  return groups;
}
