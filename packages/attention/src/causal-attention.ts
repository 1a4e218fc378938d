import { defaultGenerator, Dropout, Linear, Module, softmax } from "@scratch-llm/nn";
import type { Generator } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import { causalMask } from "./causal-mask.ts";
import { ContextLengthError } from "./errors.ts";
import type { Tap } from "./tap.ts";

/** What a causal attention layer is built from. `dropout` is the rate, 0 ≤ rate < 1. */
export interface CausalAttentionOptions {
  readonly dIn: number;
  readonly dOut: number;
  readonly contextLength: number;
  readonly dropout: number;
  readonly qkvBias?: boolean | undefined;
  readonly generator?: Generator | undefined;
}

/** One head of attention in which no token sees a later one (book section 3.5.3). */
export class CausalAttention extends Module {
  readonly wQuery: Linear;
  readonly wKey: Linear;
  readonly wValue: Linear;
  readonly dropout: Dropout;
  readonly #dOut: number;
  readonly #contextLength: number;

  constructor(options: CausalAttentionOptions) {
    super();
    const { dIn, dOut, contextLength, dropout, qkvBias = false, generator = defaultGenerator } = options;
    this.wQuery = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.wKey = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.wValue = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.dropout = new Dropout(dropout);
    this.#dOut = dOut;
    this.#contextLength = contextLength;
  }

  /**
   * x: (b, t, dIn) → context vectors (b, t, dOut). The tap sees "weights" (b, t, t).
   * @throws ContextLengthError when t is larger than contextLength
   */
  forward(x: tf.Tensor3D, { tap }: { tap?: Tap | undefined } = {}): tf.Tensor3D {
    const [, t] = x.shape;
    if (t > this.#contextLength) throw new ContextLengthError(t, this.#contextLength);
    const queries = this.wQuery.forward(x); // (b, t, dOut)
    const keys = this.wKey.forward(x);
    const values = this.wValue.forward(x);

    const scores = queries.mul(1 / Math.sqrt(this.#dOut)).matMul(keys, false, true); // (b, t, t)
    const weights = softmax(scores.add(causalMask(t))); // the future is exactly 0
    tap?.("weights", weights);

    return this.dropout.forward(weights).matMul(values) as tf.Tensor3D;
  }
}
