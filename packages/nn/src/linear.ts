import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "./errors.ts";
import { linear } from "./functional/linear.ts";
import { Module } from "./module.ts";
import { parameter } from "./parameter.ts";
import { defaultGenerator, type Generator } from "./random/generator.ts";

/** Settings of {@link Linear}. */
export interface LinearOptions {
  /** Whether a bias is added; default true. */
  readonly bias?: boolean;
  /** Where the initial values come from; default the global generator. */
  readonly generator?: Generator;
  /** A variable [out, in] to share instead of a new one (an output head tied to the token embedding). */
  readonly weight?: tf.Variable;
}

/**
 * x · weightᵀ + bias, as `torch.nn.Linear`, with PyTorch's initial values: the weight is drawn first, then the bias.
 *
 * @example
 * new Linear(3, 2).forward(tf.ones([6, 3])); // [6, 2]
 */
export class Linear extends Module {
  /** [out, in] */
  readonly weight: tf.Variable;
  /** [out], or null without a bias. */
  readonly bias: tf.Variable | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const { bias = true, generator = defaultGenerator, weight } = options;
    const shape = [outFeatures, inFeatures];
    if (weight && !tf.util.arraysEqual(weight.shape, shape)) {
      throw new ShapeError(`Linear expects a shared weight [${shape.join(", ")}], got [${weight.shape.join(", ")}].`);
    }
    // kaiming_uniform_(a=√5), with PyTorch's own steps: they round differently from the equal 1 / √in.
    const bound = Math.sqrt(3) * (Math.sqrt(2 / (1 + Math.sqrt(5) ** 2)) / Math.sqrt(inFeatures));
    this.weight = weight ?? parameter(generator.uniform(outFeatures * inFeatures, -bound, bound), shape);
    const biasBound = 1 / Math.sqrt(inFeatures);
    this.bias = bias ? parameter(generator.uniform(outFeatures, -biasBound, biasBound), [outFeatures]) : null;
  }

  /** [..., in] → [..., out]. @throws ShapeError */
  forward<T extends tf.Tensor>(x: T): T {
    return linear(x, this.weight, this.bias ?? undefined);
  }
}
