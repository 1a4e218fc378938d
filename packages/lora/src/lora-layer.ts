import { defaultGenerator, type Generator, linear, Module, parameter } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { LoRAError } from "./errors.ts";

/**
 * What the low-rank product is multiplied by: `alpha`, as the printed book and its ch06/02 experiments, or `alpha/rank`, as
 * the paper (Hu et al., 2021), PEFT and the book's later notebooks.
 */
export type LoRAScaling = "alpha" | "alpha/rank";

/** The size of a {@link LoRALayer} and where it begins. */
export interface LoRAOptions {
  /** Inner width; the smaller, the fewer parameters. */
  readonly rank: number;
  readonly alpha: number;
  /** Default `alpha/rank`. */
  readonly scaling?: LoRAScaling;
  /** Where the initial values come from; default the global generator. */
  readonly generator?: Generator;
}

/**
 * scale · x · A · B: a change to a linear layer that has few parameters (listing E.5). B begins as zeros, so that the layer
 * begins as no change at all.
 *
 * @example
 * new LoRALayer(768, 768, { rank: 16, alpha: 16 }).forward(tf.ones([2, 768])); // [2, 768], all 0
 */
export class LoRALayer extends Module {
  /** [in, rank] */
  readonly A: tf.Variable;
  /** [rank, out] */
  readonly B: tf.Variable;
  readonly #scale: number;

  /** @throws {LoRAError} `LORA_OPTION` unless rank is a whole number of at least 1 and alpha a number above 0. */
  constructor(inDim: number, outDim: number, options: LoRAOptions) {
    super();
    const { rank, alpha, scaling = "alpha/rank", generator = defaultGenerator } = options;
    if (!(Number.isSafeInteger(rank) && rank >= 1) || !(alpha > 0 && alpha < Infinity)) {
      throw new LoRAError(
        "LORA_OPTION",
        `LoRA of rank ${rank}, alpha ${alpha}: give a rank of 1 or more, alpha above 0.`,
      );
    }
    // kaiming_uniform_(a=√5), which takes an [in, rank] matrix for [out, in]: its fan-in is the rank.
    const bound = Math.sqrt(3) * (Math.sqrt(2 / (1 + Math.sqrt(5) ** 2)) / Math.sqrt(rank));
    this.A = parameter(generator.uniform(inDim * rank, -bound, bound), [inDim, rank]);
    this.B = parameter(new Float32Array(rank * outDim), [rank, outDim]);
    this.#scale = scaling === "alpha" ? alpha : alpha / rank;
  }

  /** The inner width. */
  get rank(): number {
    return this.A.shape[1] as number;
  }

  /** What the product is multiplied by. */
  get scale(): number {
    return this.#scale;
  }

  /** [..., in] → [..., out]. */
  forward<T extends tf.Tensor>(x: T): T {
    const inner = linear(x, this.A.transpose()); // (..., rank)
    return linear(inner.mul(this.#scale), this.B.transpose()) as T; // scaled where it is narrow
  }

  /** The change as a matrix [out, in], as a `Linear`'s weight: scale · (A · B)ᵀ. */
  delta(): tf.Tensor2D {
    return tf.tidy(() => tf.matMul<tf.Tensor2D>(this.B, this.A, true, true).mul(this.#scale));
  }
}
