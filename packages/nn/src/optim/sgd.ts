import * as tf from "@tensorflow/tfjs";
import { ArgumentError } from "../errors.ts";

/** Settings of {@link SGD}. */
export interface SGDOptions {
  readonly lr: number;
}

/**
 * Plain gradient descent, p ← p − lr · gradient, as `torch.optim.SGD` (book appendix A.7).
 *
 * @example
 * new SGD(model.namedParameters(), { lr: 0.5 }).step(grads);
 */
export class SGD {
  /** Learning rate of the next step. */
  lr: number;
  readonly #params: ReadonlyMap<string, tf.Variable>;

  constructor(params: ReadonlyMap<string, tf.Variable>, { lr }: SGDOptions) {
    if (!(lr >= 0)) throw new ArgumentError(`SGD's lr must be 0 or more, got ${lr}.`);
    this.#params = params;
    this.lr = lr;
  }

  /** Updates every parameter that has a gradient. @throws ArgumentError where a gradient's name is unknown. */
  step(grads: ReadonlyMap<string, tf.Tensor>): void {
    for (const [name, grad] of grads) {
      const variable = this.#params.get(name);
      if (!variable)
        throw new ArgumentError(`SGD has no parameter "${name}"; it was made for ${this.#params.size} others.`);
      tf.tidy(() => variable.assign(variable.sub(grad.mul(this.lr))));
    }
  }
}
