import * as tf from "@tensorflow/tfjs";
import { hasKernel, RECORDING_KERNELS } from "./kernels.ts";

/** What a step compiler may be told. */
export interface CompileOptions {
  /** Name for error messages and traces. */
  readonly name?: string;
}

/**
 * Turns a function of tensors into a faster one with the same results. Training loops take one (`compile?: Compile`); the apps
 * pass the backend's, and {@link identityCompile} is the default.
 */
export type Compile = <A extends tf.Tensor[], R extends tf.Tensor | tf.Tensor[]>(
  fn: (...args: A) => R,
  options?: CompileOptions,
) => (...args: A) => R;

/** The function as it is. */
export const identityCompile: Compile = (fn) => fn;

/**
 * `fn(...args)`, marked as something whose intermediate results may be dropped and computed again for the gradient, as
 * `torch.utils.checkpoint`. It only calls, unless a step compiler records and is told to recompute.
 */
export function checkpoint<A extends tf.Tensor[], R extends tf.Tensor | tf.Tensor[]>(
  fn: (...args: A) => R,
  ...args: A
): R {
  // A recorder knows the region by the name of its scope. Elsewhere there is none: a tidy would take what a tap has seen.
  return hasKernel(RECORDING_KERNELS.hostTensor) ? tf.tidy("checkpoint", () => fn(...args)) : fn(...args);
}
