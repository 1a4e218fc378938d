import { defaultGenerator, Dropout, Linear, Module, softmax } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { CausalAttentionOptions } from "./causal-attention.ts";
import { causalMask } from "./causal-mask.ts";
import { ContextLengthError, NumHeadsError } from "./errors.ts";
import type { AttentionCache } from "./layer-cache.ts";
import type { Tap } from "./tap.ts";

/** As `CausalAttentionOptions`, for several heads. */
export interface MultiHeadAttentionOptions extends CausalAttentionOptions {
  readonly numHeads: number;
}

/** What a pass through an attention layer may use besides its input. */
export interface AttentionOptions {
  /** Keys and values of the tokens before x; those of x are added to it. */
  readonly cache?: AttentionCache | undefined;
  /** (b, 1, keys), added to the scores: −1e9 hides a key, such as padding, from every query of its row. */
  readonly keyMask?: tf.Tensor3D | undefined;
  /** Sees "weights" (b, h, t, keys). */
  readonly tap?: Tap | undefined;
}

/**
 * Causal multi-head attention, all heads in one matrix product (book section 3.6.2).
 * Letters in the shapes: b rows, t tokens, h heads, d width of a head = dOut / h.
 *
 * @example
 * const attention = new MultiHeadAttention({ dIn: 3, dOut: 4, contextLength: 6, dropout: 0, numHeads: 2 });
 * const context = attention.forward(tf.ones([2, 6, 3])); // (2, 6, 4)
 */
export class MultiHeadAttention extends Module {
  readonly wQuery: Linear;
  readonly wKey: Linear;
  readonly wValue: Linear;
  readonly outProj: Linear;
  readonly dropout: Dropout;
  /** Whether a token is kept from seeing those after it; a classifier may let it (the book's ch06/02). */
  causal = true;
  readonly #dOut: number;
  readonly #numHeads: number;
  readonly #contextLength: number;

  /** @throws NumHeadsError when numHeads does not divide dOut */
  constructor(options: MultiHeadAttentionOptions) {
    super();
    const { dIn, dOut, contextLength, dropout, numHeads, qkvBias = false, generator = defaultGenerator } = options;
    if (dOut % numHeads !== 0) throw new NumHeadsError(dOut, numHeads);
    this.wQuery = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.wKey = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.wValue = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.outProj = new Linear(dOut, dOut, { generator }); // combines what the heads found
    this.dropout = new Dropout(dropout);
    this.#dOut = dOut;
    this.#numHeads = numHeads;
    this.#contextLength = contextLength;
  }

  /**
   * x: (b, t, dIn) → context vectors (b, t, dOut).
   * @throws ContextLengthError when cache and x together are longer than contextLength
   */
  forward(x: tf.Tensor3D, { cache, keyMask, tap }: AttentionOptions = {}): tf.Tensor3D {
    const [b, t] = x.shape;
    const length = t + (cache?.length ?? 0);
    if (length > this.#contextLength) throw new ContextLengthError(length, this.#contextLength);

    const scale = 1 / Math.sqrt(this.#dOut / this.#numHeads);
    const queries = this.#splitHeads(this.wQuery.forward(x).mul(scale)); // (b, h, t, d)
    const newKeys = this.#splitHeads(this.wKey.forward(x));
    const newValues = this.#splitHeads(this.wValue.forward(x));
    const { keys, values, mask } = cache // (b, h, keys, d)
      ? cache.append(newKeys, newValues)
      : { keys: newKeys, values: newValues, mask: causalMask(t) };

    let scores = queries.matMul(keys, false, true) as tf.Tensor4D; // (b, h, t, keys)
    if (this.causal && mask) scores = scores.add(mask);
    if (keyMask) scores = hideKeys(scores, keyMask);
    const weights = softmax(scores); // the future is exactly 0
    tap?.("weights", weights);

    const contextVec = this.dropout.forward(weights).matMul(values).transpose([0, 2, 1, 3]); // (b, t, h, d)
    return this.outProj.forward(contextVec.reshape([b, t, this.#dOut])) as tf.Tensor3D;
  }

  /** (b, t, dOut) → (b, h, t, d): each head gets its own slice of the width. */
  #splitHeads(x: tf.Tensor): tf.Tensor4D {
    const [b, t] = x.shape as [number, number, number];
    return x.reshape([b, t, this.#numHeads, this.#dOut / this.#numHeads]).transpose([0, 2, 1, 3]);
  }
}

/** Adds a (b, 1, keys) mask to (b, h, t, keys) scores, as three dimensions: a rank-4 mask is slow in a compiled graph. */
function hideKeys(scores: tf.Tensor4D, keyMask: tf.Tensor3D): tf.Tensor4D {
  const [b, h, t, length] = scores.shape;
  return scores
    .reshape([b, h * t, length])
    .add(keyMask)
    .reshape([b, h, t, length]);
}
