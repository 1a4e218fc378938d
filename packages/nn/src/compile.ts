import type * as tf from "@tensorflow/tfjs";

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
 * `torch.utils.checkpoint`. Today it only calls.
 */
export function checkpoint<A extends tf.Tensor[], R extends tf.Tensor | tf.Tensor[]>(
  fn: (...args: A) => R,
  ...args: A
): R {
  return fn(...args);
}
