import { Module } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";

/** Layer normalization: each token's vector to mean 0 and variance 1, then a learned scale and shift (book section 4.2). */
export class LayerNorm extends Module {
  readonly scale: tf.Variable<tf.Rank.R1>;
  readonly shift: tf.Variable<tf.Rank.R1>;
  /** Added to the variance so that nothing is divided by 0. */
  readonly eps: number = 1e-5;

  constructor(embDim: number) {
    super();
    this.scale = tf.tidy(() => tf.variable(tf.ones([embDim])));
    this.shift = tf.tidy(() => tf.variable(tf.zeros([embDim])));
  }

  /** x: (…, embDim) → same shape. The variance is the biased one (divided by embDim), as in GPT-2. */
  forward<T extends tf.Tensor>(x: T): T {
    const mean = x.mean(-1, true); // (…, 1)
    const centred = x.sub(mean);
    const variance = centred.square().mean(-1, true);
    const norm = centred.div(variance.add(this.eps).sqrt());
    return norm.mul(this.scale).add(this.shift);
  }
}
