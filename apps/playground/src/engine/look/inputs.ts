import { checkIds as checkTokens, type GPTConfig } from "@scratch-llm/gpt";
import * as tf from "@tensorflow/tfjs";
import { SHOWN_TOKENS } from "../defaults.ts";
import { EngineFault } from "../fault.ts";
import type { Open } from "../models/shelf.ts";

/** The last tokens that a pass can see, and the position of the first of them. */
export function lastOf(ids: Int32Array, most: number): { ids: Int32Array; first: number } {
  const first = Math.max(0, ids.length - most);
  return { ids: ids.slice(first), first };
}

/** {@link lastOf} for what is looked at in pictures. */
export function shownOf(ids: Int32Array, { model }: Pick<Open, "model">): { ids: Int32Array; first: number } {
  return lastOf(ids, Math.min(SHOWN_TOKENS, model.config.contextLength));
}

/** A batch of one row. @throws EngineFault `NO_TEXT`, TokenIdError */
export function rowOf(ids: Int32Array, { model }: Pick<Open, "model">): tf.Tensor2D {
  checkIds(ids, model.config);
  return tf.tensor2d(ids, [1, ids.length], "int32");
}

/** @throws EngineFault `NO_TEXT`, TokenIdError */
export function checkIds(ids: Int32Array, config: GPTConfig): void {
  if (ids.length === 0) throw new EngineFault("NO_TEXT", "There is no token to look at; write some text.");
  checkTokens(ids, config);
}

/** Reads tensors and disposes of them. */
export async function readAll(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  try {
    return (await Promise.all(tensors.map((tensor) => tensor.data()))) as Float32Array[];
  } finally {
    tf.dispose([...tensors]);
  }
}
