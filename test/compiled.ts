import { compile, type CompileOptions } from "@scratch-llm/backend/node";
import type * as tf from "@tensorflow/tfjs";
import { afterEach } from "vitest";

const opened: { dispose?: () => void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.dispose?.();
});

/** Compiles, and disposes after the test. */
export function compiled<A extends tf.Tensor[], R extends tf.Tensor | tf.Tensor[]>(
  fn: (...args: A) => R,
  options?: CompileOptions,
): ReturnType<typeof compile<A, R>> {
  const result = compile(fn, options);
  opened.push(result);
  return result;
}
