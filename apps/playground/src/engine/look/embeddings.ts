import * as tf from "@tensorflow/tfjs";
import type { Open } from "../models/shelf.ts";
import type { EmbeddingPlane, EmbeddingSum, Neighbour } from "../protocol.ts";
import { readAll, rowOf, shownOf } from "./inputs.ts";
import { principalPlane } from "./principal-plane.ts";
import { tokensOf } from "./tokens.ts";

/** What enters the first block: token and position embedding of each token, and their sum (book section 2.8). */
export async function embeddingSum(shelved: Open, ids: Int32Array): Promise<EmbeddingSum> {
  const { model, tokenizer } = shelved;
  const shown = shownOf(ids, shelved);
  const [token, position, sum] = await readAll(
    tf.tidy(() => {
      const tokens = model.tokEmb.forward(rowOf(shown.ids, shelved)).squeeze([0]); // (t, e)
      const positions = model.posEmb.forward(tf.range(0, shown.ids.length, 1, "int32")); // (t, e)
      return [tokens, positions, tokens.add(positions)];
    }),
  );
  return {
    tokens: tokensOf(tokenizer, shown.ids),
    first: shown.first,
    width: model.config.embDim,
    token: token!,
    position: position!,
    sum: sum!,
  };
}

/** The tokens whose embeddings have the largest cosine with that of `id`, itself left out. */
export async function neighbours(shelved: Open, id: number, count: number): Promise<Neighbour[]> {
  const { model, tokenizer } = shelved;
  const [similarity] = await readAll([
    tf.tidy(() => {
      rowOf(Int32Array.of(id), shelved); // checks it
      const all = model.tokEmb.weight; // (v, e)
      const own = all.slice([id, 0], [1, -1]); // (1, e)
      const lengths = all.square().sum<tf.Tensor1D>(1).sqrt(); // (v)
      const dots = own.matMul(all, false, true).squeeze<tf.Tensor1D>([0]);
      return dots.div(lengths.mul(lengths.slice([id], [1])));
    }),
  ]);
  const known = Math.min(similarity!.length, tokenizer.vocabSize);
  const others = Array.from({ length: known }, (_, other) => other).filter((other) => other !== id);
  const nearest = others.toSorted((a, b) => similarity![b]! - similarity![a]!).slice(0, count);
  return tokensOf(tokenizer, nearest).map((token) => ({ ...token, similarity: similarity![token.id]! }));
}

/** The token embeddings of the ids in the plane of their largest variance. */
export async function embeddingPlane(shelved: Open, ids: Int32Array): Promise<EmbeddingPlane> {
  const { model, tokenizer } = shelved;
  const shown = shownOf(ids, shelved);
  const [rows] = await readAll([tf.tidy(() => model.tokEmb.forward(rowOf(shown.ids, shelved)).squeeze([0]))]);
  return {
    tokens: tokensOf(tokenizer, shown.ids),
    first: shown.first,
    ...principalPlane(rows!, model.config.embDim),
  };
}
