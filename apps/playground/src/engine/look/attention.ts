import * as tf from "@tensorflow/tfjs";
import type { Open } from "../models/shelf.ts";
import type { Attention } from "../protocol.ts";
import { readAll, rowOf, shownOf } from "./inputs.ts";
import { tokensOf } from "./tokens.ts";

/** How much every token looks at every other, in all layers and heads; with or without the causal mask. */
export async function attention(shelved: Open, ids: Int32Array, causal: boolean): Promise<Attention> {
  const { model, tokenizer } = shelved;
  const shown = shownOf(ids, shelved);
  const weights: tf.Tensor[] = []; // (1, h, t, t) each
  for (const { att } of model.trfBlocks) att.causal = causal;
  try {
    tf.tidy(() => {
      const tap = (name: string, value: tf.Tensor): void => {
        if (name.endsWith(".att.weights")) weights.push(tf.keep(value));
      };
      model.forward(rowOf(shown.ids, shelved), { tap, lastOnly: true });
    });
  } finally {
    for (const { att } of model.trfBlocks) att.causal = true;
  }
  return {
    first: shown.first,
    tokens: tokensOf(tokenizer, shown.ids),
    heads: model.config.nHeads,
    weights: await readAll(weights),
  };
}
