import { type Linear, Module } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { LoRALayer } from "./lora-layer.ts";

/**
 * A linear layer with a {@link LoRALayer} beside it (listing E.6). It stands wherever a `Linear` stands.
 *
 * @example
 * model.outHead = new LinearWithLoRA(model.outHead, new LoRALayer(768, 2, { rank: 16, alpha: 16 }));
 */
export class LinearWithLoRA extends Module {
  readonly linear: Linear;
  readonly lora: LoRALayer;

  constructor(linear: Linear, lora: LoRALayer) {
    super();
    this.linear = linear;
    this.lora = lora;
  }

  /** The linear layer's own [out, in]. */
  get weight(): tf.Variable {
    return this.linear.weight;
  }

  /** The linear layer's own [out], or null. */
  get bias(): tf.Variable | null {
    return this.linear.bias;
  }

  /** [..., in] → [..., out]. */
  forward<T extends tf.Tensor>(x: T): T {
    return this.linear.forward(x).add(this.lora.forward(x));
  }
}
