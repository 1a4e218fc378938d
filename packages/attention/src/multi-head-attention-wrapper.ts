import { Module } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { CausalAttention } from "./causal-attention.ts";
import type { MultiHeadAttentionOptions } from "./multi-head-attention.ts";
import type { Tap } from "./tap.ts";

/** Several causal heads side by side, one after the other (book section 3.6.1). `dOut` is the width of one head. */
export class MultiHeadAttentionWrapper extends Module {
  readonly heads: readonly CausalAttention[];

  constructor({ numHeads, ...head }: MultiHeadAttentionOptions) {
    super();
    this.heads = Array.from({ length: numHeads }, () => new CausalAttention(head));
  }

  /** x: (b, t, dIn) → (b, t, numHeads · dOut). The tap sees "heads.N.weights" (b, t, t). */
  forward(x: tf.Tensor3D, { tap }: { tap?: Tap | undefined } = {}): tf.Tensor3D {
    const contexts = this.heads.map((head, i) =>
      head.forward(x, { tap: tap && ((name, value) => tap(`heads.${i}.${name}`, value)) }),
    );
    return tf.concat(contexts, -1);
  }
}
