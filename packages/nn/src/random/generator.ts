import { ArgumentError } from "../errors.ts";
import { MersenneTwister, STATE_WORDS } from "./mersenne-twister.ts";
import { transformTail, transformToNormal } from "./normal.ts";

const f = Math.fround;
const STATE_BYTES = 4 * STATE_WORDS + 4 + 8 + 8;

/**
 * PyTorch's CPU random generator, bit for bit: the same seed gives the same weights, shuffles, dropout masks and samples
 * as `torch.manual_seed` on an x86 machine (checked against torch 2.15).
 *
 * @example
 * const generator = new Generator(123);
 * generator.uniform(3); // Float32Array [0.2961…, 0.5165…, 0.2517…], as torch.rand(3)
 */
export class Generator {
  readonly #engine: MersenneTwister = new MersenneTwister();
  #cachedNormal: number | undefined;

  /** @param seed whole number; only its low 32 bits count. There is no random default. */
  constructor(seed = 123) {
    this.manualSeed(seed);
  }

  /** Starts the stream again from `seed`, as `torch.manual_seed`. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed)) throw new ArgumentError(`Seed must be a whole number, got ${seed}.`);
    this.#engine.seed(seed);
    this.#cachedNormal = undefined;
    return this;
  }

  /** 32-bit draws since seeding. */
  get position(): number {
    return this.#engine.position;
  }

  /** The next 32 random bits (1 draw). */
  random(): number {
    return this.#engine.next();
  }

  /** The next 64 random bits (2 draws, the high word first). */
  random64(): bigint {
    const high = BigInt(this.#engine.next());
    return (high << 32n) | BigInt(this.#engine.next());
  }

  /** `torch.rand(n)`, or `uniform_(low, high)`: n values in [low, high), 1 draw each. */
  uniform(n: number, low = 0, high = 1): Float32Array {
    const values = new Float32Array(checkCount(n));
    this.#engine.fillUniform24(values, 0, n);
    if (low === 0 && high === 1) return values;
    const from = f(low);
    const to = f(high);
    const range = f(to - from);
    for (let i = 0; i < n; i++) {
      const value = f((values[i] as number) * range + from);
      values[i] = value === to ? from : value;
    }
    return values;
  }

  /**
   * `torch.randn(n)`, or `normal_(mean, std)`: n values; n draws, and 16 more where n ≥ 16 is no multiple of 16. Fewer than
   * 16 values come in pairs of 4 draws, and the second of a pair waits for the next such call.
   */
  normal(n: number, mean = 0, std = 1): Float32Array {
    const values = new Float32Array(checkCount(n));
    if (n < 16) {
      for (let i = 0; i < n; i++) values[i] = this.#oneNormal() * std + mean;
      return values;
    }
    this.#engine.fillUniform24(values, 0, n);
    transformToNormal(values, n, mean, std);
    if (n % 16 !== 0) {
      // PyTorch draws the last 16 places again, finished ones among them.
      this.#engine.fillUniform24(values, n - 16, n);
      transformTail(values, mean, std);
    }
    return values;
  }

  /** `torch.randint(low, high, ())`: a whole number in [low, high). */
  randint(low: number, high: number): number {
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high)) {
      throw new ArgumentError(`randint needs whole numbers low < high, got ${low} and ${high}.`);
    }
    const range = high - low;
    if (range < 2 ** 28) return low + (this.random() % range);
    return low + Number(this.random64() % BigInt(range));
  }

  /** `torch.randperm(n)`: 0 … n − 1 in random order, n − 1 draws. */
  randperm(n: number): Int32Array {
    const order = Int32Array.from({ length: checkCount(n) }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const other = i + (this.random() % (n - i));
      const value = order[i] as number;
      order[i] = order[other] as number;
      order[other] = value;
    }
    return order;
  }

  /**
   * The mask of `torch.nn.functional.dropout` over n values: 0 with probability `rate`, else 1 / (1 − rate); 2 draws
   * each, and none where rate is 0 or 1.
   */
  dropoutMask(n: number, rate: number): Float32Array {
    if (!(rate >= 0 && rate <= 1)) throw new ArgumentError(`Dropout rate must be between 0 and 1, got ${rate}.`);
    const mask = new Float32Array(checkCount(n));
    if (rate === 0) return mask.fill(1);
    if (rate < 1) this.#engine.fillBernoulli(mask, 1 - rate, f(1 / f(1 - rate)));
    return mask;
  }

  /**
   * `torch.multinomial(probs, 1)`: an index drawn with the given weights (they need not sum to 1); 2 draws per
   * category. By the exponential race: the largest p / q, q exponentially distributed.
   *
   * @throws ArgumentError where a weight is negative or not finite, or none is positive.
   */
  multinomial(probs: ArrayLike<number>): number {
    checkWeights(probs);
    let best = 0;
    let bestRatio = -1;
    for (let i = 0; i < probs.length; i++) {
      const ratio = f(f(probs[i] as number) / f(-Math.log1p(-this.#uniform53())));
      if (ratio > bestRatio) {
        best = i;
        bestRatio = ratio;
      }
    }
    return best;
  }

  /** Everything a later {@link setState} needs to go on with the same draws: 2,516 bytes. */
  getState(): Uint8Array {
    const { words, next, position } = this.#engine.save();
    const bytes = new Uint8Array(STATE_BYTES);
    const view = new DataView(bytes.buffer);
    words.forEach((word, i) => view.setInt32(4 * i, word, true));
    view.setUint32(4 * STATE_WORDS, next, true);
    view.setFloat64(4 * STATE_WORDS + 4, position, true);
    view.setFloat64(4 * STATE_WORDS + 12, this.#cachedNormal ?? Number.NaN, true);
    return bytes;
  }

  /** @throws ArgumentError where `state` is not from {@link getState}. */
  setState(state: Uint8Array): void {
    const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
    const next = state.length === STATE_BYTES ? view.getUint32(4 * STATE_WORDS, true) : Infinity;
    if (next > STATE_WORDS) {
      throw new ArgumentError(`A generator's state has ${STATE_BYTES} bytes, got ${state.length} or a broken one.`);
    }
    const words = Int32Array.from({ length: STATE_WORDS }, (_, i) => view.getInt32(4 * i, true));
    this.#engine.restore({ words, next, position: view.getFloat64(4 * STATE_WORDS + 4, true) });
    const cached = view.getFloat64(4 * STATE_WORDS + 12, true);
    this.#cachedNormal = Number.isNaN(cached) ? undefined : cached;
  }

  /** A double in [0, 1) with 53 random bits (2 draws). */
  #uniform53(): number {
    const high = this.#engine.next() & 0x1fffff;
    return (high * 2 ** 32 + this.#engine.next()) * 2 ** -53;
  }

  /** A standard normal double; two come from one Box–Muller transform. */
  #oneNormal(): number {
    const cached = this.#cachedNormal;
    if (cached !== undefined) {
      this.#cachedNormal = undefined;
      return cached;
    }
    const angle = 2 * Math.PI * this.#uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
    this.#cachedNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** The generator that layers, loaders and samplers use where none is given, as PyTorch's global one. */
export const defaultGenerator: Generator = new Generator();

/** Seeds {@link defaultGenerator}, as `torch.manual_seed`. */
export function manualSeed(seed: number): void {
  defaultGenerator.manualSeed(seed);
}

function checkCount(n: number): number {
  if (!Number.isSafeInteger(n) || n < 0) throw new ArgumentError(`A count must be a whole number from 0 on, got ${n}.`);
  return n;
}

function checkWeights(weights: ArrayLike<number>): void {
  let anyPositive = false;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (!(weight >= 0 && weight < Infinity)) {
      throw new ArgumentError(`multinomial needs finite weights from 0 on, got ${weight} at ${i}.`);
    }
    if (weight > 0) anyPositive = true;
  }
  if (!anyPositive) throw new ArgumentError(`multinomial needs a positive weight, got none among ${weights.length}.`);
}
