/** Samples by number, as PyTorch's map-style `Dataset` (`__len__` and `__getitem__`). */
export interface Dataset<Item> {
  readonly length: number;
  get(index: number): Item;
}

/**
 * A long row of token ids read by range. An `Int32Array` is one already; a corpus larger than memory is one through
 * `openTokenShards` of `@scratch-llm/dataloader/node`. Reading is synchronous, so that a loader stays an ordinary iterator.
 */
export interface TokenSource {
  readonly length: number;
  /** The ids from `start` up to, but not including, `end`. */
  slice(start: number, end: number): Int32Array;
}
