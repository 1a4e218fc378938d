import { fillBernoulliGroups, type PairTest } from "./mersenne-twister-wasm.ts";

/** Words of state, and so draws per twist. */
export const STATE_WORDS = 624;
const SHIFT = 397;
/** Masks of at least this many values are worth the way through WebAssembly. */
const WASM_FROM = 1024;

/** MT19937's output function, which spreads a state word's bits; the result is a signed 32-bit integer. */
function temper(word: number): number {
  let y = word ^ (word >>> 11);
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

/** One step of the recurrence: the upper bit of `a` and the lower 31 of `b`, shifted and folded. */
function fold(a: number, b: number): number {
  return (((a & 0x80000000) | (b & 0x7ffffffe)) >>> 1) ^ (-(b & 1) & 0x9908b0df);
}

/**
 * The engine under PyTorch's CPU generator: MT19937 (Matsumoto and Nishimura, 1998).
 * Bulk methods walk whole blocks of state, which is several times faster than a call per draw.
 */
export class MersenneTwister {
  readonly #state: Int32Array = new Int32Array(STATE_WORDS);
  #next: number = STATE_WORDS;
  #position = 0;

  /** Starts the stream again. Only the low 32 bits of `seed` count, as in PyTorch. */
  seed(seed: number): void {
    const state = this.#state;
    let previous = Number(BigInt.asUintN(32, BigInt(seed))) | 0;
    state[0] = previous;
    for (let j = 1; j < STATE_WORDS; j++) {
      previous = (Math.imul(1812433253, previous ^ (previous >>> 30)) + j) | 0;
      state[j] = previous;
    }
    this.#next = STATE_WORDS;
    this.#position = 0;
  }

  /** Draws since seeding. */
  get position(): number {
    return this.#position;
  }

  /** The next 32 random bits, 0 … 2³² − 1. */
  next(): number {
    if (this.#next === STATE_WORDS) this.#twist();
    this.#position++;
    return temper(this.#state[this.#next++] as number) >>> 0;
  }

  /** Fills `out[start … end)` with k · 2⁻²⁴, k the low 24 bits of one draw each. */
  fillUniform24(out: Float32Array, start: number, end: number): void {
    const state = this.#state;
    for (let i = start; i < end;) {
      if (this.#next === STATE_WORDS) this.#twist();
      const from = this.#next;
      const count = Math.min(STATE_WORDS - from, end - i);
      for (let k = 0; k < count; k++) out[i + k] = (temper(state[from + k] as number) & 0xffffff) * 2 ** -24;
      i += count;
      this.#next = from + count;
      this.#position += count;
    }
  }

  /** Fills `out` with `value` where a 53-bit uniform number is below `probability`, else 0; two draws each. */
  fillBernoulli(out: Float32Array, probability: number, value: number): void {
    const threshold = Math.ceil(probability * 2 ** 53);
    const test = { high: Math.floor(threshold / 2 ** 32), low: threshold % 2 ** 32, value };
    let done = 0;
    if (out.length >= WASM_FROM && this.#next % 2 === 0) {
      done = ((STATE_WORDS - this.#next) % 8) / 2;
      this.#fillPairs(out, 0, done, test);
      const { filled, next } = fillBernoulliGroups(this.#state, this.#next, out.subarray(done), test);
      this.#next = next;
      this.#position += 2 * filled;
      done += filled;
    }
    this.#fillPairs(out, done, out.length, test);
  }

  /** The high word decides all but one pair in 2²¹, so the low one is tempered only on a tie. */
  #fillPairs(out: Float32Array, start: number, end: number, { high, low, value }: PairTest): void {
    const state = this.#state;
    for (let i = start; i < end;) {
      if (this.#next >= STATE_WORDS - 1) {
        // A pair that begins with a block's last word, or a new block.
        const hi = this.next() & 0x1fffff;
        const lo = this.next();
        out[i++] = hi < high || (hi === high && lo < low) ? value : 0;
        continue;
      }
      const from = this.#next;
      const count = Math.min((STATE_WORDS - from) >>> 1, end - i);
      for (let k = 0; k < count; k++) {
        const at = from + 2 * k;
        const hi = temper(state[at] as number) & 0x1fffff;
        let keep = hi < high;
        if (hi === high) keep = temper(state[at + 1] as number) >>> 0 < low;
        out[i + k] = keep ? value : 0;
      }
      i += count;
      this.#next = from + 2 * count;
      this.#position += 2 * count;
    }
  }

  /** A copy of the state: words, index of the next word, draws since seeding. */
  save(): { words: Int32Array; next: number; position: number } {
    return { words: this.#state.slice(), next: this.#next, position: this.#position };
  }

  /** Puts back what {@link save} gave. */
  restore(saved: { words: Int32Array; next: number; position: number }): void {
    this.#state.set(saved.words);
    this.#next = saved.next;
    this.#position = saved.position;
  }

  #twist(): void {
    const mt = this.#state;
    const split = STATE_WORDS - SHIFT;
    let word = mt[0] as number;
    for (let j = 0; j < STATE_WORDS; j++) {
      const following = mt[j + 1 < STATE_WORDS ? j + 1 : 0] as number;
      const shifted = mt[j < split ? j + SHIFT : j - split] as number;
      mt[j] = shifted ^ fold(word, following);
      word = following;
    }
    this.#next = 0;
  }
}
