import * as tf from "@tensorflow/tfjs";
import { hasKernel, KERNELS, runKernel } from "../kernels.ts";
import { customGrad } from "./custom-grad.ts";

/** Softmax along the last axis, as `F.softmax(x, dim=-1)`. */
export function softmax<T extends tf.Tensor>(x: T): T {
  return customGrad(
    [x],
    () => {
      const y = tf.softmax(x);
      return { value: y, saved: [y] };
    },
    (dy, [y]) => [softmaxGrad(dy, y as tf.Tensor)],
  );
}

/** y · (dy − Σ dy · y) along the last axis. */
function softmaxGrad(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  if (hasKernel(KERNELS.softmaxGrad)) return runKernel(KERNELS.softmaxGrad, { dy, y });
  return dy.sub(dy.mul(y).sum(-1, true)).mul(y);
}

/** Logarithm of the softmax along the last axis, without forming the softmax, as `F.log_softmax(x, dim=-1)`. */
export function logSoftmax<T extends tf.Tensor>(x: T): T {
  return tf.logSoftmax(x);
}
