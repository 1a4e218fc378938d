import { Heap } from "./heap.ts";
import { MAX_TOKENS } from "./tokenizer-json.ts";

const GONE = -1; // a symbol that has been merged into the one before it
const NONE = -1; // no neighbour within the word

/** Two neighbouring tokens. */
export interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Where it stood when it was seen; it may have been merged away since. */
  places: number[];
}

/** All different words in one row of symbols, linked so that merging does not move any, and every pair in them. */
export class Corpus {
  readonly #symbols: number[] = []; // token ids
  readonly #next: number[] = [];
  readonly #previous: number[] = [];
  readonly #frequency: number[] = []; // of the word a symbol belongs to
  readonly #pairs = new Map<number, Pair>();
  readonly #queue = new Heap<Candidate>(comesFirst);

  constructor(wordCounts: ReadonlyMap<string, number>, idOfByte: (byte: number) => number) {
    const utf8 = new TextEncoder();
    for (const [word, count] of wordCounts) {
      const start = this.#symbols.length;
      const bytes = utf8.encode(word);
      for (const [i, byte] of bytes.entries()) {
        this.#symbols.push(idOfByte(byte));
        this.#previous.push(i === 0 ? NONE : start + i - 1);
        this.#next.push(i === bytes.length - 1 ? NONE : start + i + 1);
        this.#frequency.push(count);
      }
    }
    const seen = new Set<Pair>();
    for (let place = 0; place < this.#symbols.length; place++) {
      const right = this.#next[place] as number;
      if (right !== NONE) seen.add(this.#countPair(place, right, +1));
    }
    this.#enqueue(seen);
  }

  /** The pair to merge next; of equally frequent ones that with the smaller ids. */
  mostFrequentPair(): Pair | undefined {
    for (let top = this.#queue.pop(); top !== undefined; top = this.#queue.pop()) {
      if (top.count === top.pair.count) return top.count > 0 ? top.pair : undefined;
      this.#queue.push({ pair: top.pair, count: top.pair.count }); // it has changed since it was put in
    }
    return undefined;
  }

  /**
   * Makes one token of a pair, wherever it stands. Its own count stays as it was, as in Hugging Face's trainer: should the
   * same pair come about again (a token can arise in two ways), that decides when its turn comes.
   */
  merge(pair: Pair, merged: number): void {
    const places = pair.places; // in the order of the text, so "aaa" becomes "aa" + "a"
    pair.places = [];
    const created = new Set<Pair>();
    for (const place of places) {
      const right = this.#next[place] as number;
      if (this.#symbols[place] !== pair.left || right === NONE || this.#symbols[right] !== pair.right) continue;
      const before = this.#previous[place] as number;
      const after = this.#next[right] as number;
      if (before !== NONE) this.#countPair(before, place, -1);
      if (after !== NONE) this.#countPair(right, after, -1);
      this.#symbols[place] = merged;
      this.#symbols[right] = GONE;
      this.#next[place] = after;
      if (before !== NONE) created.add(this.#countPair(before, place, +1));
      if (after !== NONE) {
        this.#previous[after] = place;
        created.add(this.#countPair(place, after, +1));
      }
    }
    this.#enqueue(created);
  }

  /** Adds the word's frequency to the count of the pair at two neighbouring places, or takes it away. */
  #countPair(place: number, nextPlace: number, sign: 1 | -1): Pair {
    const left = this.#symbols[place] as number;
    const right = this.#symbols[nextPlace] as number;
    const key = left * MAX_TOKENS + right;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = { left, right, count: 0, places: [] };
      this.#pairs.set(key, pair);
    }
    pair.count += sign * (this.#frequency[place] as number);
    if (sign > 0) pair.places.push(place);
    return pair;
  }

  #enqueue(pairs: Iterable<Pair>): void {
    for (const pair of pairs) if (pair.count > 0) this.#queue.push({ pair, count: pair.count });
  }
}

/** A pair in the queue with the count it had when it was put in. */
interface Candidate {
  readonly pair: Pair;
  readonly count: number;
}

function comesFirst(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.pair.left !== b.pair.left ? a.pair.left < b.pair.left : a.pair.right < b.pair.right;
}
