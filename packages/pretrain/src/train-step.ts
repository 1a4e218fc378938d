import type { AdamW, Compile, ValueAndGrads } from "@scratch-llm/nn";
import { clipGradNorm, GradientAccumulator, gradNorm, hostTensor, valueAndGrads } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { Tensors } from "./batch-loader.ts";
import { compileOnBatch } from "./compile-on-batch.ts";
import type { BatchLoss, LanguageModel } from "./losses.ts";

/** What a step is made of. */
export interface TrainStepOptions<B> {
  readonly model: LanguageModel;
  readonly batchLoss: BatchLoss<B>;
  readonly optimizer: AdamW;
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
 * One update of the weights: forward pass, gradients, clipping, AdamW. All of it is one function of the batch's tensors, so
 * that `compile` may record it; whatever else changes from step to step comes through host tensors.
 */
export class TrainStep<B extends Tensors<B>> {
  readonly #options: TrainStepOptions<B>;
  readonly #params: ReadonlyMap<string, tf.Variable>;
  readonly #accumulator: GradientAccumulator = new GradientAccumulator();
  readonly #oneBatch: (batch: B) => tf.Tensor[];
  readonly #backward: (batch: B) => tf.Tensor[];
  readonly #apply: (...grads: tf.Tensor[]) => tf.Tensor[];
  #gradNames: string[] = [];
  #maxNorm = NO_CLIPPING;

  constructor(options: TrainStepOptions<B>) {
    const { model, compile } = options;
    this.#options = options;
    this.#params = model.namedParameters();
    this.#oneBatch = compileOnBatch(
      (batch: B) =>
        tf.tidy(() => {
          const { value, grads } = this.#gradients(batch);
          return [value, ...this.#update(grads)];
        }),
      compile,
      { name: "trainStep" },
    );
    this.#backward = compileOnBatch(
      (batch: B) => {
        const { value, grads } = this.#gradients(batch);
        this.#gradNames = [...grads.keys()];
        return [value, ...grads.values()];
      },
      compile,
      { name: "backward" },
    );
    this.#apply = compile((...grads: tf.Tensor[]) => tf.tidy(() => this.#update(this.#named(grads))), {
      name: "apply",
    });
  }

  /** Updates the weights by the mean gradient of the batches, which stay the caller's. */
  run(batches: readonly B[], lr: number, maxNorm: number = NO_CLIPPING): StepResult {
    this.#options.optimizer.lr = lr;
    this.#maxNorm = maxNorm;
    const [batch] = batches;
    const [loss, norm] = batches.length === 1 && batch ? this.#oneBatch(batch) : this.#accumulate(batches);
    return { loss: loss as tf.Scalar, gradNorm: norm as tf.Scalar | undefined };
  }

  /** Drops what an interrupted step has gathered. */
  dispose(): void {
    this.#accumulator.dispose();
  }

  /** The mean loss of the batches and, where it is wanted, the norm of their mean gradient. */
  #accumulate(batches: readonly B[]): tf.Tensor[] {
    const losses: tf.Tensor[] = [];
    for (const batch of batches) {
      const [loss, ...grads] = this.#backward(batch) as [tf.Tensor, ...tf.Tensor[]];
      this.#accumulator.add(this.#named(grads), 1 / batches.length);
      losses.push(loss);
      tf.dispose(grads);
    }
    const mean = tf.tidy(() => tf.addN(losses).div(losses.length));
    const sums = [...this.#accumulator.take().values()];
    const norm = this.#apply(...sums);
    tf.dispose([sums, losses]);
    return [mean, ...norm];
  }

  #gradients(batch: B): ValueAndGrads {
    const { model, batchLoss } = this.#options;
    return valueAndGrads(() => batchLoss(batch, model), this.#params);
  }

  /** Clips and updates; answers with the norm before clipping where it is wanted. */
  #update(grads: ReadonlyMap<string, tf.Tensor>): tf.Tensor[] {
    const { optimizer, clips, trackGradNorm } = this.#options;
    if (!clips) {
      optimizer.step(grads);
      return trackGradNorm ? [gradNorm(grads)] : [];
    }
    const maxNorm = hostTensor<tf.Scalar>(() => Float32Array.of(this.#maxNorm), { shape: [] });
    const clipped = clipGradNorm(grads, maxNorm);
    optimizer.step(clipped.grads);
    return [clipped.norm];
  }

  #named(grads: readonly tf.Tensor[]): Map<string, tf.Tensor> {
    return new Map(grads.map((grad, i) => [this.#gradNames[i] ?? "", grad]));
  }
}
