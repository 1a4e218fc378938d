import * as tf from "@tensorflow/tfjs";

/**
 * Replaces the gradient of `tf.matMul`. The one in TensorFlow.js 4.22 gives a matrix that was broadcast over a batch a
 * gradient with the batch's shape, one summand per example, instead of their sum.
 */
export function mendGradients(): void {
  tf.unregisterGradient(tf.BatchMatMul); // else tfjs warns that it is overridden
  tf.registerGradient(BATCH_MAT_MUL);
}

const BATCH_MAT_MUL: tf.GradConfig = {
  kernelName: tf.BatchMatMul,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved, attrs) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
    const d = dy as tf.Tensor;
    // With C = A B: dA = dC Bᵀ and dB = Aᵀ dC; a transposed operand has a transposed gradient.
    const da = (): tf.Tensor => (transposeA ? tf.matMul(b, d, transposeB, true) : tf.matMul(d, b, false, !transposeB));
    const db = (): tf.Tensor => (transposeB ? tf.matMul(d, a, true, transposeA) : tf.matMul(a, d, !transposeA, false));
    return { a: () => sumToShape(da(), a.shape), b: () => sumToShape(db(), b.shape) };
  },
};

/** Sums over the axes along which a tensor of that shape was broadcast. */
function sumToShape(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return axes.length === 0 ? x : x.sum(axes).reshape(shape);
}
