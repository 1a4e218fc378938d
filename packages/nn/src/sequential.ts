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
  [index: number]: Layer;
  readonly #length: number;

  constructor(...layers: Layer[]) {
    super();
    this.#length = layers.length;
    Object.assign(this, layers);
  }

  /** How many layers there are. */
  get length(): number {
    return this.#length;
  }

  /** The first layer's input → the last one's output, of the same rank. A layer may be replaced: `layers[0] = …`. */
  forward<T extends tf.Tensor>(x: T): T {
    let value: tf.Tensor = x;
    for (let i = 0; i < this.#length; i++) value = (this[i] as Layer).forward(value);
    return value as T;
  }
}
