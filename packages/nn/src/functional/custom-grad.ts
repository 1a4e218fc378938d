import * as tf from "@tensorflow/tfjs";

/** A value, and the tensors that its gradient needs. */
export interface Forward {
  readonly value: tf.Tensor;
  readonly saved: tf.Tensor[];
}

/**
 * `forward()` with a hand-made gradient: `backward` gets the gradient of the value and the saved tensors, and answers with one
 * gradient per input. Whatever backward needs goes through `saved`, which lives as long as the tape does.
 */
export function customGrad<T extends tf.Tensor>(
  inputs: tf.Tensor[],
  forward: () => Forward,
  backward: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[],
): T {
  const op = tf.customGrad((...args) => {
    const save = args.at(-1) as (tensors: tf.Tensor[]) => void;
    const { value, saved } = forward();
    save(saved);
    return { value, gradFunc: backward };
  });
  return op(...inputs) as T;
}
