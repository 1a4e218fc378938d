import * as tf from "@tensorflow/tfjs";
import { ArgumentError } from "../errors.ts";

/** Gradients after clipping, and their norm before it. */
export interface ClippedGrads {
  readonly grads: Map<string, tf.Tensor>;
  readonly norm: tf.Scalar;
}

/** Euclidean norm over all gradients together; 0 without any. */
export function gradNorm(grads: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  return tf.tidy(() => {
    const squares = [...grads.values()].map((grad) => tf.tidy(() => grad.square().sum()));
    return squares.length > 0 ? tf.addN(squares).sqrt() : tf.scalar(0);
  }) as tf.Scalar;
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 10⁻⁶)), as `torch.nn.utils.clip_grad_norm_` (book appendix D.3). The
 * caller keeps the given gradients and owns the new ones.
 *
 * @param maxNorm above 0; a number, or the scalar that a compiled step is fed.
 * @throws ArgumentError where maxNorm is a number that is not above 0.
 */
export function clipGradNorm(grads: ReadonlyMap<string, tf.Tensor>, maxNorm: number | tf.Scalar): ClippedGrads {
  if (typeof maxNorm === "number" && !(maxNorm > 0)) {
    throw new ArgumentError(`clipGradNorm's maxNorm must be above 0, got ${maxNorm}.`);
  }
  const norm = gradNorm(grads);
  const factor = tf.tidy(() => tf.minimum(1, tf.div(maxNorm, norm.add(1e-6))));
  const clipped = new Map([...grads].map(([name, grad]) => [name, grad.mul(factor)]));
  factor.dispose();
  return { grads: clipped, norm };
}
