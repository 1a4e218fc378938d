import * as tf from "@tensorflow/tfjs";

/**
 * Sums gradients over micro-batches, so that several small steps make one large one.
 *
 * @example
 * for (const batch of microBatches) {
 *   const { value, grads } = valueAndGrads(() => loss(batch), params);
 *   accumulator.add(grads, 1 / microBatches.length);
 *   tf.dispose([value, ...grads.values()]);
 * }
 * const total = accumulator.take();
 */
export class GradientAccumulator {
  readonly #sums: Map<string, tf.Tensor> = new Map();

  /** Adds `weight` times each gradient (1 / number of micro-batches for a mean). The caller keeps the gradients. */
  add(grads: ReadonlyMap<string, tf.Tensor>, weight = 1): void {
    for (const [name, grad] of grads) {
      const sum = this.#sums.get(name);
      this.#sums.set(name, tf.keep(tf.tidy(() => (sum ? sum.add(grad.mul(weight)) : grad.mul(weight)))));
      sum?.dispose();
    }
  }

  /** The sums, which now belong to the caller; the next {@link add} starts anew. */
  take(): Map<string, tf.Tensor> {
    const sums = new Map(this.#sums);
    this.#sums.clear();
    return sums;
  }

  /** Drops what was added. */
  dispose(): void {
    tf.dispose([...this.take().values()]);
  }
}
