import { defaultGenerator, Dropout, Embedding, Linear, Module } from "@scratch-llm/nn";
import type { Generator } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { validateConfig } from "./config.ts";
import type { GPTConfig } from "./config.ts";

/** A block that does nothing yet (book section 4.1). */
export class DummyTransformerBlock extends Module {
  forward(x: tf.Tensor3D): tf.Tensor3D {
    return x;
  }
}

/** A normalization that does nothing yet (book section 4.1). */
export class DummyLayerNorm extends Module {
  forward(x: tf.Tensor3D): tf.Tensor3D {
    return x;
  }
}

/** The frame of a GPT with placeholders inside: embeddings in, logits out (book section 4.1). */
export class DummyGPTModel extends Module {
  readonly tokEmb: Embedding;
  readonly posEmb: Embedding;
  readonly dropEmb: Dropout;
  readonly trfBlocks: readonly DummyTransformerBlock[];
  readonly finalNorm: DummyLayerNorm;
  readonly outHead: Linear;

  constructor(cfg: GPTConfig, { generator = defaultGenerator }: { generator?: Generator } = {}) {
    super();
    validateConfig(cfg);
    this.tokEmb = new Embedding(cfg.vocabSize, cfg.embDim, { generator });
    this.posEmb = new Embedding(cfg.contextLength, cfg.embDim, { generator });
    this.dropEmb = new Dropout(cfg.dropRate);
    this.trfBlocks = Array.from({ length: cfg.nLayers }, () => new DummyTransformerBlock());
    this.finalNorm = new DummyLayerNorm();
    this.outHead = new Linear(cfg.embDim, cfg.vocabSize, { bias: false, generator });
  }

  /** ids: int32 (b, t) → logits (b, t, vocabSize). */
  forward(ids: tf.Tensor2D): tf.Tensor3D {
    const [, t] = ids.shape;
    const tokEmbeds = this.tokEmb.forward(ids); // (b, t, embDim)
    const posEmbeds = this.posEmb.forward(tf.range(0, t, 1, "int32")); // (t, embDim)
    let x = this.dropEmb.forward(tokEmbeds.add(posEmbeds)) as tf.Tensor3D;
    for (const block of this.trfBlocks) x = block.forward(x);
    x = this.finalNorm.forward(x);
    return this.outHead.forward(x) as tf.Tensor3D;
  }
}
