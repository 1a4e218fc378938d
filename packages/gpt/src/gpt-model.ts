import { ContextLengthError } from "@scratch-llm/attention";
import type { Tap } from "@scratch-llm/attention";
import { checkpoint, defaultGenerator, Dropout, Embedding, Linear, Module } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { validateConfig } from "./config.ts";
import type { GPTConfig } from "./config.ts";
import type { ModelCache } from "./kv-cache.ts";
import type { LayerNorm } from "./layer-norm.ts";
import { BOOK_PARTS } from "./parts.ts";
import type { BuildOptions } from "./parts.ts";
import { prefixTap } from "./prefix-tap.ts";
import { TransformerBlock } from "./transformer-block.ts";

/** What a pass through the model may use besides the ids. */
export interface ForwardOptions {
  /** What earlier passes computed; the ids are then only the new ones. */
  readonly cache?: ModelCache | undefined;
  /** Sees "trfBlocks.N.input", "trfBlocks.N.att.weights", "trfBlocks.N.output" and "logits". */
  readonly tap?: Tap | undefined;
  /** Project only the last position to the vocabulary: all that generation needs. */
  readonly lastOnly?: boolean | undefined;
  /** Project only this one of the t tokens, an int32 scalar: where ids are padded on the right. */
  readonly only?: tf.Scalar | undefined;
}

/**
 * The GPT model (book section 4.6). Letters in the shapes: b rows, t tokens.
 *
 * @example
 * manualSeed(123);
 * const model = new GPTModel(GPT_CONFIG_124M).eval();
 * const logits = model.forward(tf.tensor2d([[6109, 3626, 6100, 345]], [1, 4], "int32")); // (1, 4, 50257)
 */
export class GPTModel extends Module {
  readonly tokEmb: Embedding;
  readonly posEmb: Embedding;
  readonly dropEmb: Dropout;
  readonly trfBlocks: readonly TransformerBlock[];
  readonly finalNorm: LayerNorm;
  /** Chapter 6 puts a head with one row per class here. */
  outHead: Linear;
  readonly #config: GPTConfig;

  /** @throws GPTConfigError when the configuration cannot work */
  constructor(cfg: GPTConfig, { generator = defaultGenerator, parts = BOOK_PARTS }: BuildOptions = {}) {
    super();
    validateConfig(cfg);
    this.tokEmb = new Embedding(cfg.vocabSize, cfg.embDim, { generator });
    this.posEmb = new Embedding(cfg.contextLength, cfg.embDim, { generator });
    this.dropEmb = new Dropout(cfg.dropRate);
    this.trfBlocks = Array.from({ length: cfg.nLayers }, () => new TransformerBlock(cfg, { generator, parts }));
    this.finalNorm = new parts.LayerNorm(cfg.embDim);
    const head = cfg.tieWeights ? { weight: this.tokEmb.weight } : { generator };
    this.outHead = new Linear(cfg.embDim, cfg.vocabSize, { bias: false, ...head });
    this.#config = cfg;
  }

  /** The configuration the model was built from. */
  get config(): GPTConfig {
    return this.#config;
  }

  /**
   * ids: int32 (b, t) → logits (b, t, vocabSize), or (b, 1, vocabSize) with `lastOnly` or `only`.
   * @throws ContextLengthError when cache and ids together are longer than the context
   */
  forward(ids: tf.Tensor2D, { cache, tap, lastOnly = false, only }: ForwardOptions = {}): tf.Tensor3D {
    const [b, t] = ids.shape;
    const length = t + (cache?.length ?? 0);
    if (length > this.#config.contextLength) throw new ContextLengthError(length, this.#config.contextLength);
    const past = cache?.continueWith(t);
    const positions = past?.positions ?? tf.range(0, t, 1, "int32");

    const tokEmbeds = this.tokEmb.forward(ids); // (b, t, embDim)
    const posEmbeds = this.posEmb.forward(positions); // (t, embDim)
    let x = this.dropEmb.forward(tokEmbeds.add(posEmbeds)) as tf.Tensor3D;
    for (const [i, block] of this.trfBlocks.entries()) {
      const options = { cache: past?.layers[i], keyMask: past?.keyMask, tap: prefixTap(tap, `trfBlocks.${i}`) };
      x = checkpoint((hidden) => block.forward(hidden, options), x);
    }
    if (lastOnly) x = x.slice([0, t - 1, 0], [b, 1, -1]);
    if (only) x = tf.gather(x, only.reshape([1]), 1);
    x = this.finalNorm.forward(x);
    const logits = this.outHead.forward(x) as tf.Tensor3D;
    tap?.("logits", logits);
    return logits;
  }
}
