import * as tf from "@tensorflow/tfjs";
import { hasKernel, KERNELS, runKernel } from "../kernels.ts";

/** a · bᵀ of two matrices, by the backend's kernel where it has one. */
export function matMulTransposed(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return hasKernel(KERNELS.matMul) ? kernelMatMul(a, b, false, true) : tf.matMul(a, b, false, true);
}

function kernelMatMul(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  return runKernel<tf.Tensor>(KERNELS.matMul, { a, b }, { transposeA, transposeB });
}

// Registered rather than tf.customGrad: these are only computed for inputs that want a gradient (frozen weights do not).
tf.registerGradient({
  kernelName: KERNELS.matMul,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    return {
      a: () => kernelMatMul(dy as tf.Tensor, b, false, false),
      b: () => kernelMatMul(dy as tf.Tensor, a, true, false),
    };
  },
});
