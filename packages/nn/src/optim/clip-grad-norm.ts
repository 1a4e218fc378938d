import * as tf from "@tensorflow/tfjs";
import { ArgumentError } from "../errors.ts";

/** Gradients after clipping, and their norm before it. */
export interface ClippedGrads {
  readonly grads: Map<string, tf.Tensor>;
  readonly norm: tf.Scalar;
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 10⁻⁶)), norm the Euclidean one over all of them, as
 * `torch.nn.utils.clip_grad_norm_` (book appendix D.3). The caller keeps the given gradients and owns the new ones.
 */
export function clipGradNorm(grads: ReadonlyMap<string, tf.Tensor>, maxNorm: number): ClippedGrads {
  if (!(maxNorm > 0)) throw new ArgumentError(`clipGradNorm's maxNorm must be above 0, got ${maxNorm}.`);
  if (grads.size === 0) return { grads: new Map(), norm: tf.scalar(0) };
  const [norm, ...clipped] = tf.tidy(() => {
    const squares = [...grads.values()].map((grad) => grad.square().sum());
    const norm = tf.addN(squares).sqrt();
    const factor = tf.minimum(1, tf.div(maxNorm, norm.add(1e-6)));
    return [norm, ...[...grads.values()].map((grad) => grad.mul(factor))];
  }) as [tf.Scalar, ...tf.Tensor[]];
  return { grads: new Map([...grads.keys()].map((name, i) => [name, clipped[i] as tf.Tensor])), norm };
}
