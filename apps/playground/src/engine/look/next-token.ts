import * as tf from "@tensorflow/tfjs";
import type { Shelved } from "../models/shelf.ts";
import { lastOf, readAll, rowOf } from "./inputs.ts";

/** The logits (vocabSize) after the last of the ids; the model sees as many of the last ones as it can. */
export async function nextTokenLogits(shelved: Shelved, ids: Int32Array): Promise<Float32Array> {
  const { model } = shelved;
  const seen = lastOf(ids, model.config.contextLength);
  const [logits] = await readAll([tf.tidy(() => model.forward(rowOf(seen.ids, shelved), { lastOnly: true }))]);
  return logits!;
}
