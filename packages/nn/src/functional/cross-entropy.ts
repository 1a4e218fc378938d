import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../errors.ts";
import { hasKernel, KERNELS, runKernel } from "../kernels.ts";
import { customGrad } from "./custom-grad.ts";

/** Settings of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Targets of this value count neither in the sum nor in the mean; default −100, as in PyTorch. */
  readonly ignoreIndex?: number;
}

/**
 * Mean of −log softmax(logits)[target], as `F.cross_entropy` (book section 5.1).
 *
 * @param logits [n, v]
 * @param targets int32 [n], each in 0 … v − 1 or `ignoreIndex`
 * @returns scalar; NaN where every target is ignored, as in PyTorch
 * @throws ShapeError where the shapes or the targets' type do not fit.
 */
export function crossEntropy(logits: tf.Tensor, targets: tf.Tensor, options: CrossEntropyOptions = {}): tf.Scalar {
  const { losses, weights } = weighed(logits, targets, options);
  return losses.sum().div(weights.sum());
}

/**
 * −log softmax(logits)[target] of each row, [n], and 0 where the target is ignored, as `F.cross_entropy` with
 * `reduction="none"`. Arguments as for {@link crossEntropy}.
 */
export function crossEntropyPerToken(
  logits: tf.Tensor,
  targets: tf.Tensor,
  options: CrossEntropyOptions = {},
): tf.Tensor1D {
  return weighed(logits, targets, options).losses;
}

function weighed(
  logits: tf.Tensor,
  targets: tf.Tensor,
  { ignoreIndex = -100 }: CrossEntropyOptions,
): { losses: tf.Tensor1D; weights: tf.Tensor } {
  checkShapes(logits, targets);
  const kept = tf.notEqual(targets, tf.scalar(ignoreIndex, "int32"));
  const weights = kept.cast("float32"); // (n)
  const labels = targets.mul(kept.cast("int32")); // an ignored target becomes 0, a label that every backend accepts
  return { losses: perToken(logits, labels, weights), weights };
}

function checkShapes(logits: tf.Tensor, targets: tf.Tensor): void {
  if (logits.rank === 2 && targets.rank === 1 && logits.shape[0] === targets.shape[0] && targets.dtype === "int32")
    return;
  throw new ShapeError(
    `crossEntropy expects logits [n, v] and int32 targets [n], got [${logits.shape.join(", ")}] and ` +
      `${targets.dtype} [${targets.shape.join(", ")}]. Flatten them first.`,
  );
}

/** The loss of each row times its weight, [n]. */
function perToken(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor): tf.Tensor1D {
  if (hasKernel(KERNELS.sparseSoftmaxCrossEntropy)) {
    return customGrad(
      [logits],
      () => {
        const [loss, dlogits] = runKernel<[tf.Tensor, tf.Tensor]>(KERNELS.sparseSoftmaxCrossEntropy, {
          logits,
          labels,
        });
        return { value: loss.mul(weights), saved: [dlogits, weights] };
      },
      (dy, [dlogits, weights]) => [scaleRows(dlogits as tf.Tensor, dy.mul(weights as tf.Tensor))],
    );
  }
  // Cast afterwards: WASM's oneHot fills a float32 tensor with the bits of int32 values.
  const oneHot = (labels: tf.Tensor): tf.Tensor => tf.oneHot(labels, logits.shape[1] as number).cast("float32");
  return customGrad(
    [logits],
    () => {
      const logProbs = tf.logSoftmax(logits);
      const loss = logProbs.mul(oneHot(labels)).sum(-1).neg();
      return { value: loss.mul(weights), saved: [logProbs, labels, weights] };
    },
    (dy, saved) => {
      const [logProbs, labels, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      return [scaleRows(logProbs.exp().sub(oneHot(labels)), dy.mul(weights))];
    },
  );
}

function scaleRows(matrix: tf.Tensor, factors: tf.Tensor): tf.Tensor {
  return matrix.mul(factors.reshape([-1, 1]));
}
