import * as tf from "@tensorflow/tfjs";
import { ArgumentError } from "../errors.ts";

/** Gradients after clipping, and their norm before it. */
export interface ClippedGrads {
  readonly grads: Map<string, tf.Tensor>;
  readonly norm: tf.Scalar;
}

/** The Euclidean norm over all gradients together. */
export function gradNorm(grads: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  if (grads.size === 0) return tf.scalar(0);
  return tf.tidy(() => tf.addN([...grads.values()].map((grad) => grad.square().sum())).sqrt()) as tf.Scalar;
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 10⁻⁶)), as `torch.nn.utils.clip_grad_norm_` (book appendix D.3). The
 * caller keeps the given gradients and owns the new ones.
 *
 * @param maxNorm a number, or the scalar that a compiled step is fed: Infinity clips nothing.
 */
export function clipGradNorm(grads: ReadonlyMap<string, tf.Tensor>, maxNorm: number | tf.Scalar): ClippedGrads {
  if (typeof maxNorm === "number" && !(maxNorm > 0)) {
    throw new ArgumentError(`clipGradNorm's maxNorm must be above 0, got ${maxNorm}.`);
  }
  const norm = gradNorm(grads);
  const clipped = tf.tidy(() => {
    const factor = tf.minimum(1, tf.div(maxNorm, norm.add(1e-6)));
    return [...grads.values()].map((grad) => grad.mul(factor));
  });
  return { grads: new Map([...grads.keys()].map((name, i) => [name, clipped[i] as tf.Tensor])), norm };
}
