import type { Compile, CompileOptions } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { Tensors } from "./batch-loader.ts";

/** Compiles a function of a batch. A compiler sees tensors only, so it gets the batch's fields one by one, in their order. */
export function compileOnBatch<B extends Tensors<B>, R extends tf.Tensor | tf.Tensor[]>(
  fn: (batch: B) => R,
  compile: Compile,
  options?: CompileOptions,
): (batch: B) => R {
  let names: string[] = [];
  const compiled = compile(
    (...tensors: tf.Tensor[]) => fn(Object.fromEntries(tensors.map((tensor, i) => [names[i], tensor])) as B),
    options,
  );
  return (batch) => {
    names = Object.keys(batch);
    return compiled(...Object.values<tf.Tensor>(batch));
  };
}
