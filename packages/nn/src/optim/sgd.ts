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

  /**
   * Updates every parameter that has a gradient. The caller keeps the gradients.
   *
   * @throws ArgumentError where a gradient's name is unknown; nothing is updated then.
   */
  step(grads: ReadonlyMap<string, tf.Tensor>): void {
    const updates = [...grads].map(([name, grad]) => [this.#variable(name), grad] as const);
    for (const [variable, grad] of updates) tf.tidy(() => variable.assign(variable.sub(grad.mul(this.lr))));
  }

  #variable(name: string): tf.Variable {
    const variable = this.#params.get(name);
    if (variable) return variable;
    throw new ArgumentError(`SGD has no parameter "${name}"; it was made for ${this.#params.size} others.`);
  }
}
