import type * as tf from "@tensorflow/tfjs";
import { statelessDropout } from "./functional/dropout.ts";
import { hostTensor } from "./host-tensor.ts";
import { defaultGenerator, type Generator } from "./random/generator.ts";

/** Where dropout masks come from. */
export interface DropoutSource {
  /** x times a fresh mask, with its gradient; 0 < rate ≤ 1. */
  apply<T extends tf.Tensor>(x: T, rate: number): T;
}

/** PyTorch's masks to the bit, drawn from the generator in PyTorch's order ("torch"). */
export class TorchDropout implements DropoutSource {
  readonly #generator: Generator;

  constructor(generator: Generator) {
    this.#generator = generator;
  }

  apply<T extends tf.Tensor>(x: T, rate: number): T {
    return x.mul(hostTensor(() => this.#generator.dropoutMask(x.size, rate), { shape: x.shape }));
  }
}

/**
 * Masks by a stateless hash of (seed, site, element), made by the backend where it can ("fast"). A step draws one seed from
 * the generator; the sites are the dropout calls in it, counted. Without {@link beginStep} every call draws its own seed.
 */
export class FastDropout implements DropoutSource {
  readonly #generator: Generator;
  #seed: number | tf.Tensor | undefined;
  #site = 0;

  constructor(generator: Generator) {
    this.#generator = generator;
  }

  /** One step's seed (1 draw), as an int32. */
  drawSeed(): number {
    return this.#generator.random() | 0;
  }

  /**
   * Starts a step: a new seed, and sites count from 0 again. A compiled step passes the int32 scalar it is fed, so that the
   * recorded graph has new masks at each run.
   */
  beginStep(seed: number | tf.Tensor = this.drawSeed()): void {
    this.#seed = seed;
    this.#site = 0;
  }

  apply<T extends tf.Tensor>(x: T, rate: number): T {
    if (this.#seed !== undefined) return statelessDropout(x, { rate, seed: this.#seed, site: this.#site++ });
    const seed = hostTensor(() => Int32Array.of(this.drawSeed()), { shape: [], dtype: "int32" });
    return statelessDropout(x, { rate, seed, site: 0 });
  }
}

/** What a new Dropout uses: fast masks seeded from {@link defaultGenerator}. */
export const defaultDropout: FastDropout = new FastDropout(defaultGenerator);
