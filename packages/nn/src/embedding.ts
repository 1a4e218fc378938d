import type * as tf from "@tensorflow/tfjs";
import { embedding } from "./functional/embedding.ts";
import { Module } from "./module.ts";
import { parameter } from "./parameter.ts";
import { defaultGenerator, type Generator } from "./random/generator.ts";

/** Settings of {@link Embedding}. */
export interface EmbeddingOptions {
  /** Where the initial values come from; default the global generator. */
  readonly generator?: Generator;
}

/**
 * A table of vectors looked up by index, as `torch.nn.Embedding` (book section 2.7); initial values are standard normal.
 *
 * @example
 * new Embedding(6, 3).forward(tf.tensor1d([2, 3, 5, 1], "int32")); // [4, 3]
 */
export class Embedding extends Module {
  /** [numEmbeddings, embeddingDim] */
  readonly weight: tf.Variable;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    const { generator = defaultGenerator } = options;
    this.weight = parameter(generator.normal(numEmbeddings * embeddingDim), [numEmbeddings, embeddingDim]);
  }

  /** int32 ids [...] → [..., embeddingDim]. @throws ArgumentError where ids are not int32. */
  forward(ids: tf.Tensor1D): tf.Tensor2D;
  forward(ids: tf.Tensor2D): tf.Tensor3D;
  forward(ids: tf.Tensor): tf.Tensor;
  forward(ids: tf.Tensor): tf.Tensor {
    return embedding(ids, this.weight);
  }
}
