import * as tf from "@tensorflow/tfjs";
import { hasKernel, RECORDING_KERNELS, runKernel } from "./kernels.ts";

/** What {@link hostTensor} makes. */
export interface HostTensorOptions {
  readonly shape: number[];
  readonly dtype?: "float32" | "int32";
}

/**
 * A tensor whose values JavaScript computes: a learning rate, a seed, a mask drawn from a generator. A compiled function is
 * recorded once and run often, and values made any other way are constants of the recording; `compute` is called again
 * for each run, in the order of the recording.
 *
 * @example
 * const lr = hostTensor(() => Float32Array.of(schedule(step++)), { shape: [] });
 */
export function hostTensor<T extends tf.Tensor>(
  compute: () => Float32Array | Int32Array,
  { shape, dtype = "float32" }: HostTensorOptions,
): T {
  if (!hasKernel(RECORDING_KERNELS.hostTensor)) return tf.tensor(compute(), shape, dtype) as T;
  // A kernel's attributes are typed as numbers and strings; a recorder, which alone has this kernel, takes the function.
  const attributes = { compute, shape, dtype } as unknown as tf.NamedAttrMap;
  return runKernel<T>(RECORDING_KERNELS.hostTensor, {}, attributes);
}
