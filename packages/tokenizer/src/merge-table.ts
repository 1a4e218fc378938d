import { Heap } from "./heap.ts";

const ID_LIMIT = 2 ** 24; // two ids fit into one exact double
const POSITION_LIMIT = 2 ** 31; // a rank and a position fit into one exact double

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
   * Applies the rules to one pre-token: again and again the neighbours with the earliest rule are joined, the leftmost
   * first. Takes O(n log n) for n symbols, however they repeat: a heap of candidates over a linked list.
   */
  apply(symbols: ArrayLike<number>): number[] {
    const ids = Array.from(symbols);
    const next = ids.map((_, i) => i + 1);
    const previous = ids.map((_, i) => i - 1);
    const candidates = new Heap<number>((a, b) => a < b);
    const rankAt = (left: number): number | undefined => {
      const right = next[left] as number;
      return right < ids.length
        ? this.#rankOf.get((ids[left] as number) * ID_LIMIT + (ids[right] as number))
        : undefined;
    };
    const offer = (left: number): void => {
      const rank = left >= 0 ? rankAt(left) : undefined;
      if (rank !== undefined) candidates.push(rank * POSITION_LIMIT + left);
    };

    for (let i = 0; i < ids.length; i++) offer(i);
    for (let key = candidates.pop(); key !== undefined; key = candidates.pop()) {
      const left = key % POSITION_LIMIT;
      const rank = (key - left) / POSITION_LIMIT;
      if (ids[left] === GONE || rankAt(left) !== rank) continue; // one of the two has been merged since
      const right = next[left] as number;
      const after = next[right] as number;
      ids[left] = this.#merged[rank] as number;
      ids[right] = GONE;
      next[left] = after;
      if (after < ids.length) previous[after] = left;
      offer(previous[left] as number);
      offer(left);
    }
    return ids.filter((id) => id !== GONE);
  }
}

const GONE = -1;
