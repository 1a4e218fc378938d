import * as tf from "@tensorflow/tfjs";
import { EngineFault } from "../fault.ts";
import type { Shelved } from "../models/shelf.ts";

/** Most tokens that the pictures show. */
export const SHOWN_TOKENS = 128;

/** The last tokens that a pass can see, and the position of the first of them. */
export function lastOf(ids: Int32Array, most: number): { ids: Int32Array; first: number } {
  const first = Math.max(0, ids.length - most);
  return { ids: ids.slice(first), first };
}

/** A batch of one row. @throws EngineFault where it is empty or has a token that the model does not */
export function rowOf(ids: Int32Array, { model }: Pick<Shelved, "model">): tf.Tensor2D {
  const { vocabSize } = model.config;
  const unknown = ids.find((id) => !(id >= 0 && id < vocabSize));
  if (ids.length === 0) throw new EngineFault("POSITION", "There is no token to look at; write some text.");
  if (unknown !== undefined) {
    throw new EngineFault("POSITION", `Token ${unknown} is not in the model's vocabulary of ${vocabSize}.`);
  }
  return tf.tensor2d(ids, [1, ids.length], "int32");
}

/** Reads tensors and disposes of them. */
export async function readAll(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  try {
    return (await Promise.all(tensors.map((tensor) => tensor.data()))) as Float32Array[];
  } finally {
    tf.dispose([...tensors]);
  }
}
