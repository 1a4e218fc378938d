import type * as tf from "@tensorflow/tfjs";
import { Module } from "./module.ts";

/** A module that maps one tensor to another. */
export interface Layer extends Module {
  forward(x: tf.Tensor): tf.Tensor;
}

/**
 * Layers one after the other, as `torch.nn.Sequential`; their names are "0", "1", ….
 *
 * @example
 * new Sequential(new Linear(5, 6), new ReLU()).forward(tf.ones([2, 5])); // [2, 6]
 */
export class Sequential extends Module {
  readonly [index: number]: Layer;
  readonly #layers: readonly Layer[];

  constructor(...layers: Layer[]) {
    super();
    this.#layers = layers;
    Object.assign(this, layers);
  }

  /** How many layers there are. */
  get length(): number {
    return this.#layers.length;
  }

  /** The first layer's input → the last one's output, of the same rank. */
  forward<T extends tf.Tensor>(x: T): T {
    return this.#layers.reduce((value: tf.Tensor, layer) => layer.forward(value), x) as T;
  }
}
