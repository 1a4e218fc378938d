import { Heap } from "./heap.ts";

const ID_LIMIT = 2 ** 24; // two ids fit into one exact double
const POSITION_LIMIT = 2 ** 31; // a rank and a position fit into one exact double
const SHORT = 32; // up to here a scan beats the heap's bookkeeping
const GONE = -1;

/** What byte-pair encoding has learned: which two neighbours become which token, the earliest learned first. */
export class MergeTable {
  readonly #rankOf = new Map<number, number>();
  readonly #merged: number[] = [];

  /** Learns one more rule, of lower priority than all before it. */
  add(left: number, right: number, merged: number): void {
    this.#rankOf.set(left * ID_LIMIT + right, this.#merged.length);
    this.#merged.push(merged);
  }

  /**
   * Applies the rules to one pre-token: again and again the neighbours with the earliest rule are joined, of equal ones
   * the leftmost. Changes `ids` and answers with them.
   */
  apply(ids: number[]): number[] {
    return ids.length <= SHORT ? this.#applyByScan(ids) : this.#applyByHeap(ids);
  }

  /** The plain algorithm, as in the book's bonus material: quadratic, and quickest for a word. */
  #applyByScan(ids: number[]): number[] {
    const ranks = ids.map((_, i) => this.#rank(ids[i], ids[i + 1]));
    for (;;) {
      let first = 0;
      for (let i = 1; i < ids.length; i++) if ((ranks[i] as number) < (ranks[first] as number)) first = i;
      const rank = ranks[first] ?? Infinity;
      if (rank === Infinity) return ids;
      ids[first] = this.#merged[rank] as number;
      ids.splice(first + 1, 1);
      ranks.splice(first + 1, 1);
      ranks[first] = this.#rank(ids[first], ids[first + 1]);
      if (first > 0) ranks[first - 1] = this.#rank(ids[first - 1], ids[first]);
    }
  }

  /** The same in O(n log n), however the symbols repeat: a heap of candidates over a linked list. */
  #applyByHeap(ids: number[]): number[] {
    const next = ids.map((_, i) => i + 1);
    const previous = ids.map((_, i) => i - 1);
    const candidates = new Heap<number>((a, b) => a < b);
    const offer = (left: number): void => {
      const rank = this.#rank(ids[left], ids[next[left] as number]);
      if (rank !== Infinity) candidates.push(rank * POSITION_LIMIT + left);
    };

    for (let i = 0; i < ids.length; i++) offer(i);
    for (let key = candidates.pop(); key !== undefined; key = candidates.pop()) {
      const left = key % POSITION_LIMIT;
      const rank = (key - left) / POSITION_LIMIT;
      const right = next[left] as number;
      if (this.#rank(ids[left], ids[right]) !== rank) continue; // one of the two has been merged since
      const after = next[right] as number;
      ids[left] = this.#merged[rank] as number;
      ids[right] = GONE;
      next[left] = after;
      if (after < ids.length) previous[after] = left;
      offer(left);
      if (left > 0) offer(previous[left] as number);
    }
    return ids.filter((id) => id !== GONE);
  }

  /** The earlier the rule was learned, the smaller; Infinity where there is none. */
  #rank(left: number | undefined, right: number | undefined): number {
    if (left === undefined || right === undefined) return Infinity;
    return this.#rankOf.get(left * ID_LIMIT + right) ?? Infinity;
  }
}
