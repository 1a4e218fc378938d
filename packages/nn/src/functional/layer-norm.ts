import * as tf from "@tensorflow/tfjs";
import { hasKernel, KERNELS, runKernel } from "../kernels.ts";
import { customGrad } from "./custom-grad.ts";

type Tensors = tf.Tensor[];

/**
 * Normalises the last axis to mean 0 and variance 1, then scales and shifts, as `F.layer_norm` (book section 4.2).
 *
 * @param x [..., d]
 * @param scale [d]
 * @param shift [d]
 * @returns [..., d]
 */
export function layerNorm<T extends tf.Tensor>(x: T, scale: tf.Tensor, shift: tf.Tensor, eps = 1e-5): T {
  const rows = x.reshape([-1, x.shape.at(-1) as number]);
  const normalised = customGrad(
    [rows, scale, shift],
    () => {
      const [y, mean, rstd] = layerNormForward(rows, scale, shift, eps);
      return { value: y, saved: [rows, scale, mean, rstd] };
    },
    (dy, saved) => layerNormGrad(dy, saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]),
  );
  return normalised.reshape(x.shape) as T;
}

/** [y, mean, rstd] of x [n, d]. */
function layerNormForward(
  x: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
  epsilon: number,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  if (hasKernel(KERNELS.layerNorm)) return runKernel(KERNELS.layerNorm, { x, scale, shift }, { epsilon });
  const mean = x.mean(-1, true);
  const centred = x.sub(mean);
  const rstd = centred.square().mean(-1, true).add(epsilon).rsqrt();
  return [centred.mul(rstd).mul(scale).add(shift), mean, rstd];
}

/** [dx, dscale, dshift]: with x̂ the normalised input, dx = rstd · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)). */
function layerNormGrad(dy: tf.Tensor, [x, scale, mean, rstd]: [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]): Tensors {
  if (hasKernel(KERNELS.layerNormGrad)) return runKernel(KERNELS.layerNormGrad, { dy, x, scale, mean, rstd });
  const xHat = x.sub(mean).mul(rstd);
  const dxHat = dy.mul(scale);
  const along = dxHat.mul(xHat).mean(-1, true);
  const dx = dxHat.sub(dxHat.mean(-1, true)).sub(xHat.mul(along)).mul(rstd);
  return [dx, dy.mul(xHat).sum(0), dy.sum(0)];
}
