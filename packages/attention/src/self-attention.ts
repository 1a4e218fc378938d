import { defaultGenerator, Linear, Module, parameter, softmax } from "@scratch-llm/nn";
import type { Generator } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { Tap } from "./tap.ts";

/**
 * Scaled dot-product self-attention with bare weight matrices (book section 3.4.2).
 * They are drawn like `torch.rand` and multiplied from the right: (tokens, dIn) × (dIn, dOut).
 */
export class SelfAttentionV1 extends Module {
  readonly wQuery: tf.Variable;
  readonly wKey: tf.Variable;
  readonly wValue: tf.Variable;

  constructor(dIn: number, dOut: number, { generator = defaultGenerator }: { generator?: Generator } = {}) {
    super();
    this.wQuery = parameter(generator.uniform(dIn * dOut), [dIn, dOut]);
    this.wKey = parameter(generator.uniform(dIn * dOut), [dIn, dOut]);
    this.wValue = parameter(generator.uniform(dIn * dOut), [dIn, dOut]);
  }

  /** x: (tokens, dIn) → context vectors (tokens, dOut). */
  forward(x: tf.Tensor2D, { tap }: { tap?: Tap | undefined } = {}): tf.Tensor2D {
    return attend(x.matMul(this.wQuery), x.matMul(this.wKey), x.matMul(this.wValue), tap);
  }
}

/** The same attention with `Linear` layers, whose initial weights train better (book section 3.4.2). */
export class SelfAttentionV2 extends Module {
  readonly wQuery: Linear;
  readonly wKey: Linear;
  readonly wValue: Linear;

  constructor(
    dIn: number,
    dOut: number,
    { qkvBias = false, generator = defaultGenerator }: { qkvBias?: boolean; generator?: Generator } = {},
  ) {
    super();
    this.wQuery = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.wKey = new Linear(dIn, dOut, { bias: qkvBias, generator });
    this.wValue = new Linear(dIn, dOut, { bias: qkvBias, generator });
  }

  /** x: (tokens, dIn) → context vectors (tokens, dOut). */
  forward(x: tf.Tensor2D, { tap }: { tap?: Tap | undefined } = {}): tf.Tensor2D {
    return attend(this.wQuery.forward(x), this.wKey.forward(x), this.wValue.forward(x), tap);
  }
}

/** softmax(Q·Kᵀ / √d)·V, the formula of "Attention Is All You Need" (arXiv 1706.03762, equation 1). */
function attend(queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, tap: Tap | undefined): tf.Tensor2D {
  const [, dOut] = keys.shape as [number, number];
  const scores = queries.mul(1 / Math.sqrt(dOut)).matMul(keys, false, true); // (tokens, tokens)
  const weights = softmax(scores);
  tap?.("weights", weights);
  return weights.matMul(values) as tf.Tensor2D;
}
