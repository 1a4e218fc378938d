import { MultiHeadAttention } from "@scratch-llm/attention";
import type { AttentionOptions } from "@scratch-llm/attention";
import { defaultGenerator, Dropout, Module } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import type { GPTConfig } from "./config.ts";
import { FeedForward } from "./feed-forward.ts";
import type { LayerNorm } from "./layer-norm.ts";
import { BOOK_PARTS } from "./parts.ts";
import type { BuildOptions } from "./parts.ts";
import { prefixTap } from "./prefix-tap.ts";

/** Attention and feed-forward, each after a normalization and with a shortcut around it (book section 4.5). */
export class TransformerBlock extends Module {
  readonly att: MultiHeadAttention;
  readonly ff: FeedForward;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropShortcut: Dropout;

  constructor(cfg: GPTConfig, { generator = defaultGenerator, parts = BOOK_PARTS }: BuildOptions = {}) {
    super();
    this.att = new MultiHeadAttention({
      dIn: cfg.embDim,
      dOut: cfg.embDim,
      contextLength: cfg.contextLength,
      numHeads: cfg.nHeads,
      dropout: cfg.dropRate,
      qkvBias: cfg.qkvBias,
      generator,
    });
    this.ff = new FeedForward(cfg, { generator, parts });
    this.norm1 = new parts.LayerNorm(cfg.embDim);
    this.norm2 = new parts.LayerNorm(cfg.embDim);
    this.dropShortcut = new Dropout(cfg.dropRate);
  }

  /** x: (b, t, embDim) → same shape. The tap sees "input", "att.weights" and "output". */
  forward(x: tf.Tensor3D, { tap, ...attention }: AttentionOptions = {}): tf.Tensor3D {
    tap?.("input", x);

    let shortcut = x;
    x = this.norm1.forward(x);
    x = this.att.forward(x, { ...attention, tap: prefixTap(tap, "att") });
    x = this.dropShortcut.forward(x).add(shortcut); // the way around attention

    shortcut = x;
    x = this.norm2.forward(x);
    x = this.ff.forward(x);
    x = this.dropShortcut.forward(x).add(shortcut); // the way around the feed-forward layers

    tap?.("output", x);
    return x;
  }
}
