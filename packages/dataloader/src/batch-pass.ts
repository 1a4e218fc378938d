import { Generator } from "@scratch-llm/nn";
import type { Dataset } from "./dataset.ts";
import { CursorMismatchError } from "./errors.ts";

/** Where a pass over a loader stands: plain JSON, enough to go on from without drawing again. */
export interface LoaderCursor {
  /** Batches already handed out. */
  readonly position: number;
  /** Seed of this pass's permutation; null while it is not drawn, and in unshuffled passes. */
  readonly seed: number | null;
  /** The loader it belongs to, compared when a pass goes on. */
  readonly samples: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
}

/** What a pass needs to know of its loader. */
export interface PassSource<Item, B> {
  readonly dataset: Dataset<Item>;
  readonly length: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly generator: Generator;
  readonly collate: (items: readonly Item[]) => B;
}

/** One pass over a loader, batch by batch; `for … of` walks it. Several passes over one loader do not disturb each other. */
export class BatchPass<Item, B> implements IterableIterator<B> {
  readonly #source: PassSource<Item, B>;
  #position = 0;
  #seed: number | null = null;
  #order: Int32Array | undefined;

  /**
   * @param cursor Goes on from there.
   * @throws {CursorMismatchError} when the cursor was taken from a loader with another dataset size, batch size or order.
   */
  constructor(source: PassSource<Item, B>, cursor?: LoaderCursor) {
    this.#source = source;
    if (!cursor) return;
    requireSameLoader(source, cursor);
    this.#position = cursor.position;
    this.#seed = cursor.seed;
  }

  next(): IteratorResult<B, undefined> {
    const { dataset, length, batchSize, shuffle, collate } = this.#source;
    if (this.#position >= length) return { done: true, value: undefined };
    if (shuffle) this.#order ??= this.#drawOrder();
    const start = this.#position * batchSize;
    const end = Math.min(start + batchSize, dataset.length);
    const items: Item[] = [];
    for (let i = start; i < end; i++) items.push(dataset.get(this.#order?.[i] ?? i));
    this.#position += 1;
    return { done: false, value: collate(items) };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Where this pass stands now. */
  state(): LoaderCursor {
    const { dataset, batchSize, shuffle } = this.#source;
    return { position: this.#position, seed: this.#seed, samples: dataset.length, batchSize, shuffle };
  }

  // As PyTorch's RandomSampler: a seed from the shared generator at the first batch, then a generator of its own, of
  // whose 64-bit seed only the low word counts.
  #drawOrder(): Int32Array {
    this.#seed ??= Number(BigInt.asUintN(32, this.#source.generator.random64()));
    return new Generator(this.#seed).randperm(this.#source.dataset.length);
  }
}

function requireSameLoader<Item, B>(source: PassSource<Item, B>, cursor: LoaderCursor): void {
  const now = { samples: source.dataset.length, batchSize: source.batchSize, shuffle: source.shuffle };
  const then = { samples: cursor.samples, batchSize: cursor.batchSize, shuffle: cursor.shuffle };
  if (JSON.stringify(now) !== JSON.stringify(then)) {
    throw new CursorMismatchError(
      `The cursor was saved by a loader with ${JSON.stringify(then)}, this one has ${JSON.stringify(now)}; ` +
        `resume with the data and settings of the interrupted run, or start a new run.`,
    );
  }
  if (!Number.isInteger(cursor.position) || cursor.position < 0 || cursor.position > source.length) {
    throw new CursorMismatchError(`The cursor's position ${cursor.position} is outside 0 … ${source.length}.`);
  }
}
