import * as tf from "@tensorflow/tfjs";
import { EngineFault } from "../fault.ts";
import type { GPTConfig } from "@scratch-llm/gpt";
import type { Open } from "../models/shelf.ts";

/** Most tokens that the pictures show. */
export const SHOWN_TOKENS = 128;

/** The last tokens that a pass can see, and the position of the first of them. */
export function lastOf(ids: Int32Array, most: number): { ids: Int32Array; first: number } {
  const first = Math.max(0, ids.length - most);
  return { ids: ids.slice(first), first };
}

/** A batch of one row. @throws EngineFault where it is empty or has a token that the model does not */
export function rowOf(ids: Int32Array, { model }: Pick<Open, "model">): tf.Tensor2D {
  checkIds(ids, model.config);
  return tf.tensor2d(ids, [1, ids.length], "int32");
}

/** @throws EngineFault where there is no token, or one that the model does not have */
export function checkIds(ids: Int32Array, { vocabSize }: GPTConfig): void {
  const unknown = ids.find((id) => !(id >= 0 && id < vocabSize));
  if (ids.length === 0) throw new EngineFault("POSITION", "There is no token to look at; write some text.");
  if (unknown !== undefined) {
    throw new EngineFault("POSITION", `Token ${unknown} is not in the model's vocabulary of ${vocabSize}.`);
  }
}

/** Reads tensors and disposes of them. */
export async function readAll(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  try {
    return (await Promise.all(tensors.map((tensor) => tensor.data()))) as Float32Array[];
  } finally {
    tf.dispose([...tensors]);
  }
}
