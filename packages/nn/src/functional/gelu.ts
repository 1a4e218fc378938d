import type * as tf from "@tensorflow/tfjs";
import { hasKernel, KERNELS, runKernel } from "../kernels.ts";
import { customGrad } from "./custom-grad.ts";

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/**
 * GELU by the tanh approximation that GPT-2 was trained with, as `F.gelu(x, approximate="tanh")` (book section 4.3):
 * ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  return customGrad(
    [x],
    () => ({ value: hasKernel(KERNELS.gelu) ? runKernel(KERNELS.gelu, { x }) : composed(x), saved: [x] }),
    (dy, [x]) => [geluGrad(dy, x as tf.Tensor)],
  );
}

function composed(x: tf.Tensor): tf.Tensor {
  return x.mul(0.5).mul(innerTanh(x).add(1));
}

/** tanh(√(2/π) (x + 0.044715 x³)); the cube as products, since pow is slow everywhere. */
function innerTanh(x: tf.Tensor): tf.Tensor {
  return x.square().mul(x).mul(CUBIC).add(x).mul(SQRT_2_OVER_PI).tanh();
}

/** dy · (½ (1 + t) + ½ x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²)), t the inner tanh. */
function geluGrad(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  if (hasKernel(KERNELS.geluGrad)) return runKernel(KERNELS.geluGrad, { dy, x });
  const t = innerTanh(x);
  const inner = x
    .square()
    .mul(3 * CUBIC)
    .add(1)
    .mul(SQRT_2_OVER_PI);
  const slope = t.square().neg().add(1).mul(x).mul(inner);
  return t.add(1).add(slope).mul(0.5).mul(dy);
}
