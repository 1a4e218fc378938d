import { gelu, layerNorm } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { GPTConfig } from "./config.ts";
import { GELU } from "./gelu.ts";
import { GPTModel } from "./gpt-model.ts";
import { LayerNorm } from "./layer-norm.ts";
import type { BuildOptions, Parts } from "./parts.ts";

class LayerNormFast extends LayerNorm {
  override forward<T extends tf.Tensor>(x: T): T {
    return layerNorm(x, this.scale, this.shift, this.eps) as T;
  }
}

class GELUFast extends GELU {
  override forward<T extends tf.Tensor>(x: T): T {
    return gelu(x) as T;
  }
}

const FAST_PARTS: Parts = { LayerNorm: LayerNormFast, GELU: GELUFast };

/**
 * `GPTModel` for training: the same parameters under the same names and the same numbers, with layer normalization and
 * GELU as single operations whose gradients are written by hand (the book's `GPTModelFast`).
 */
export class GPTModelFast extends GPTModel {
  constructor(cfg: GPTConfig, { generator }: Omit<BuildOptions, "parts"> = {}) {
    super(cfg, { generator, parts: FAST_PARTS });
  }
}
