import type * as tf from "@tensorflow/tfjs";
import { ArgumentError } from "./errors.ts";
import { defaultDropout, type DropoutSource } from "./dropout-source.ts";
import { Module } from "./module.ts";

/**
 * In training, sets each value to 0 with probability `rate` and multiplies the others by 1 / (1 − rate); in evaluation it
 * passes its input through. As `torch.nn.Dropout` (book section 3.5.2); the masks come from a {@link DropoutSource}.
 *
 * @example
 * new Dropout(0.5).forward(tf.ones([6, 6])); // about half 0, the others 2
 */
export class Dropout extends Module {
  readonly rate: number;
  #source: DropoutSource = defaultDropout;

  constructor(rate: number) {
    super();
    if (!(rate >= 0 && rate <= 1)) throw new ArgumentError(`Dropout rate must be between 0 and 1, got ${rate}.`);
    this.rate = rate;
  }

  /** Takes masks from `source` from now on. */
  useSource(source: DropoutSource): void {
    this.#source = source;
  }

  /** Any shape, which stays. In evaluation, or with rate 0, the very tensor that came in. */
  forward<T extends tf.Tensor>(x: T): T {
    return this.training && this.rate > 0 ? this.#source.apply(x, this.rate) : x;
  }
}

/** Gives every {@link Dropout} in the model this source of masks. */
export function useDropout(model: Module, source: DropoutSource): void {
  for (const module of model.modules()) if (module instanceof Dropout) module.useSource(source);
}
