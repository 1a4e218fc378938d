import * as tf from "@tensorflow/tfjs";
import { ArgumentError } from "../errors.ts";
import { hostTensor } from "../host-tensor.ts";
import { hasKernel, RECORDING_KERNELS, runKernel } from "../kernels.ts";
import { assignAll } from "../state-dict.ts";

/** Parameters with settings of their own; what is left out is the optimizer's. */
export interface ParameterGroup {
  readonly params: ReadonlyMap<string, tf.Variable>;
  /** Replaces the optimizer's weight decay (0 for biases and norms, say). */
  readonly weightDecay?: number;
  /** Multiplies the learning rate, scheduled or not; default 1. */
  readonly lrScale?: number;
}

/** Settings of {@link AdamW}; the defaults are PyTorch's. */
export interface AdamWOptions {
  readonly lr?: number;
  /** Decay of the two moving averages; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  /** Fraction of a parameter, times the learning rate, that each step takes away; default 0.01. */
  readonly weightDecay?: number;
}

/** What changes from step to step, for one group: numbers, or scalars that a compiled step is fed. */
export interface AdamWScalars {
  /** 1 − lr · weightDecay */
  readonly keep: number | tf.Tensor;
  /** lr / (1 − β₁ᵗ) */
  readonly stepSize: number | tf.Tensor;
  /** √(1 − β₂ᵗ) */
  readonly correction: number | tf.Tensor;
}

interface Slot {
  readonly variable: tf.Variable;
  readonly group: number;
  m?: tf.Variable;
  v?: tf.Variable;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019), by `torch.optim.AdamW`'s formula, its ε outside the
 * square root and after the bias correction. The moving averages are kept by parameter name.
 *
 * @example
 * const optimizer = new AdamW(model.namedParameters(), { lr: 4e-4, weightDecay: 0.1 });
 * optimizer.step(grads);
 */
export class AdamW {
  /** Learning rate of the next step, unless {@link step} is given another. */
  lr: number;
  readonly #betas: readonly [number, number];
  readonly #eps: number;
  readonly #groups: { readonly weightDecay: number; readonly lrScale: number }[];
  readonly #slots: Map<string, Slot> = new Map();
  #stepCount = 0;

  /**
   * @param params all parameters by name, or groups of them.
   * @throws ArgumentError where a setting is out of range or a name is in two groups.
   */
  constructor(params: ReadonlyMap<string, tf.Variable> | readonly ParameterGroup[], options: AdamWOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01 } = options;
    for (const [name, value] of Object.entries({ lr, eps, weightDecay })) {
      if (!(value >= 0)) throw new ArgumentError(`AdamW's ${name} must be 0 or more, got ${value}.`);
    }
    if (!betas.every((beta) => beta >= 0 && beta < 1)) {
      throw new ArgumentError(`AdamW's betas must be in [0, 1), got ${betas.join(", ")}.`);
    }
    this.lr = lr;
    this.#betas = betas;
    this.#eps = eps;
    const groups: readonly ParameterGroup[] = Array.isArray(params) ? params : [{ params }];
    this.#groups = groups.map((group) => ({
      weightDecay: group.weightDecay ?? weightDecay,
      lrScale: group.lrScale ?? 1,
    }));
    for (const [index, group] of groups.entries()) {
      for (const [name, variable] of group.params) this.#addSlot(name, { variable, group: index });
    }
  }

  /** Steps taken. */
  get stepCount(): number {
    return this.#stepCount;
  }

  /**
   * Updates every parameter that has a gradient. The caller keeps the gradients.
   *
   * @param lr this step's learning rate; default {@link lr} at the time of the step.
   * @throws ArgumentError where a gradient's name is unknown; nothing is updated then.
   */
  step(grads: ReadonlyMap<string, tf.Tensor>, { lr }: { readonly lr?: number } = {}): void {
    for (const name of grads.keys()) this.#slot(name);
    tf.tidy(() => this.update(grads, this.#hostScalars(lr)));
  }

  /** Counts a step and gives its scalars, one set per group: the first half of {@link step}, for a compiled one. */
  advance(lr: number = this.lr): AdamWScalars[] {
    this.#stepCount++;
    const [beta1, beta2] = this.#betas;
    const correction = Math.sqrt(1 - beta2 ** this.#stepCount);
    return this.#groups.map(({ weightDecay, lrScale }) => ({
      keep: 1 - lr * lrScale * weightDecay,
      stepSize: (lr * lrScale) / (1 - beta1 ** this.#stepCount),
      correction,
    }));
  }

  /** The second half of {@link step}: tensor operations only. */
  update(grads: ReadonlyMap<string, tf.Tensor>, scalars: readonly AdamWScalars[]): void {
    for (const [name, grad] of grads) {
      const slot = this.#slot(name);
      this.#updateOne(slot, grad, scalars[slot.group] as AdamWScalars);
    }
  }

  /** The moving averages, live, as "m.NAME" and "v.NAME". Save {@link stepCount} beside them. */
  stateDict(): Map<string, tf.Variable> {
    const state = new Map<string, tf.Variable>();
    for (const [name, { m, v }] of this.#slots) {
      if (!(m && v)) continue;
      state.set(`m.${name}`, m);
      state.set(`v.${name}`, v);
    }
    return state;
  }

  /**
   * Goes on from a saved state. Strict: nothing is assigned when a name or shape differs.
   *
   * @param stepCount steps taken before, as {@link stepCount} says
   * @throws StateDictError naming every missing, unexpected and wrongly shaped entry.
   * @throws ArgumentError where the step count is no whole number.
   */
  loadStateDict(state: ReadonlyMap<string, tf.Tensor>, stepCount: number): void {
    if (!Number.isSafeInteger(stepCount) || stepCount < 0) {
      throw new ArgumentError(`A step count must be a whole number from 0 on, got ${stepCount}.`);
    }
    assignAll(this.stateDict(), state);
    this.#stepCount = stepCount;
  }

  /** Frees the moving averages. */
  dispose(): void {
    tf.dispose([...this.stateDict().values()]);
  }

  /** {@link advance} as tensors, counted again at each run of a compiled step. */
  #hostScalars(lr: number | undefined): AdamWScalars[] {
    const advance = (): Float32Array =>
      Float32Array.from(
        this.advance(lr).flatMap(({ keep, stepSize, correction }) => [keep, stepSize, correction] as number[]),
      );
    const all = hostTensor<tf.Tensor2D>(advance, { shape: [this.#groups.length, 3] });
    return tf.unstack(all).map((group) => {
      const [keep, stepSize, correction] = tf.unstack(group) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { keep, stepSize, correction };
    });
  }

  #addSlot(name: string, slot: Slot): void {
    if (this.#slots.has(name)) throw new ArgumentError(`Parameter "${name}" is in two groups.`);
    this.#slots.set(name, slot);
    if (slot.variable.trainable) average(slot);
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name);
    if (slot) return slot;
    throw new ArgumentError(`AdamW has no parameter "${name}"; it was made for ${this.#slots.size} others.`);
  }

  #updateOne(slot: Slot, grad: tf.Tensor, scalars: AdamWScalars): void {
    if (hasKernel(RECORDING_KERNELS.adamW)) return this.#updateByKernel(slot, grad, scalars);
    const { keep, stepSize, correction } = scalars;
    const [beta1, beta2] = this.#betas;
    const { m, v } = average(slot);
    // A tidy each: temporaries are as large as the parameter.
    tf.tidy(() => m.assign(m.add(grad.sub(m).mul(1 - beta1))));
    tf.tidy(() => v.assign(v.mul(beta2).add(grad.square().mul(1 - beta2))));
    tf.tidy(() => {
      const change = tf.tidy(() => m.div(v.sqrt().div(correction).add(this.#eps)).mul(stepSize));
      slot.variable.assign(slot.variable.mul(keep).sub(change));
    });
  }

  #updateByKernel(slot: Slot, grad: tf.Tensor, { keep, stepSize, correction }: AdamWScalars): void {
    const [beta1, beta2] = this.#betas;
    const { m, v } = average(slot);
    tf.tidy(() => {
      const scalars = { keep: asTensor(keep), stepSize: asTensor(stepSize), correction: asTensor(correction) };
      const inputs = { parameter: slot.variable, m, v, grad, ...scalars };
      const next = runKernel<tf.Tensor[]>(RECORDING_KERNELS.adamW, inputs, { beta1, beta2, eps: this.#eps });
      for (const [i, variable] of [slot.variable, m, v].entries()) variable.assign(next[i] as tf.Tensor);
    });
  }
}

/** The moving averages of a parameter, zeros at first; a frozen one has none until it is unfrozen. */
function average(slot: Slot): { m: tf.Variable; v: tf.Variable } {
  slot.m ??= zerosLike(slot.variable);
  slot.v ??= zerosLike(slot.variable);
  return { m: slot.m, v: slot.v };
}

function asTensor(scalar: number | tf.Tensor): tf.Tensor {
  return typeof scalar === "number" ? tf.scalar(scalar) : scalar;
}

function zerosLike(variable: tf.Variable): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zerosLike(variable), false));
}
