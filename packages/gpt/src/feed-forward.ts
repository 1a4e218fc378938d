import { defaultGenerator, Linear, Module, Sequential } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { GPTConfig } from "./config.ts";
import { BOOK_PARTS } from "./parts.ts";
import type { BuildOptions } from "./parts.ts";

/** Two linear layers with a GELU between them, four times as wide inside (book section 4.3). */
export class FeedForward extends Module {
  readonly layers: Sequential;

  constructor({ embDim }: GPTConfig, { generator = defaultGenerator, parts = BOOK_PARTS }: BuildOptions = {}) {
    super();
    this.layers = new Sequential(
      new Linear(embDim, 4 * embDim, { generator }),
      new parts.GELU(),
      new Linear(4 * embDim, embDim, { generator }),
    );
  }

  /** x: (b, t, embDim) → same shape. */
  forward(x: tf.Tensor3D): tf.Tensor3D {
    return this.layers.forward(x) as tf.Tensor3D;
  }
}
