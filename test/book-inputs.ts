import * as tf from "@tensorflow/tfjs";

/** The six word vectors of the book's chapter 3, "Your journey starts with one step": (6, 3). */
export function bookInputs(): tf.Tensor2D {
  return tf.tensor2d([
    [0.43, 0.15, 0.89],
    [0.55, 0.87, 0.66],
    [0.57, 0.85, 0.64],
    [0.22, 0.58, 0.33],
    [0.77, 0.25, 0.1],
    [0.05, 0.8, 0.55],
  ]);
}

/** The same sentence twice, as a batch: (2, 6, 3). */
export function bookBatch(): tf.Tensor3D {
  return tf.tidy(() => tf.stack([bookInputs(), bookInputs()]) as tf.Tensor3D);
}
