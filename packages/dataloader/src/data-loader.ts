import { defaultGenerator, type Generator } from "@scratch-llm/nn";
import { type Batch, stackWindows } from "./batch.ts";
import { BatchPass, type LoaderCursor } from "./batch-pass.ts";
import type { Dataset } from "./dataset.ts";
import { requirePositiveInteger } from "./errors.ts";
import type { TokenWindow } from "./gpt-dataset-v1.ts";

/** How items become a batch. It may be left out for token windows, which are stacked. */
export type CollateOption<Item, B> =
  | { readonly collate: (items: readonly Item[]) => B }
  | (Item extends TokenWindow ? { readonly collate?: undefined } : never);

/** Settings of a {@link DataLoader}. */
export interface DataLoaderOptions {
  readonly batchSize: number;
  /** A new order each pass (default true). */
  readonly shuffle?: boolean;
  /** Leave out a last batch that is not full (default true). */
  readonly dropLast?: boolean;
  /** Where seeds are drawn from (default: the shared generator, as in PyTorch). */
  readonly generator?: Generator;
}

/**
 * Batches of a dataset, in PyTorch's `DataLoader` order to the last draw (section 2.6, A.6): starting a pass draws a
 * 64-bit base seed at once, shuffled or not; a shuffled pass draws the seed of its permutation when the first batch is
 * asked for. So every pass, an evaluation's too, moves the generator on.
 *
 * @example
 * ```ts
 * const loader = new DataLoader(dataset, { batchSize: 8 });
 * for (const { inputs, targets } of loader) {
 *   // …
 *   tf.dispose([inputs, targets]);
 * }
 * ```
 */
export class DataLoader<Item = TokenWindow, B = Batch> implements Iterable<B> {
  readonly dataset: Dataset<Item>;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly generator: Generator;
  readonly #collate: (items: readonly Item[]) => B;

  /** @throws {LoaderOptionError} unless `batchSize` is a whole number ≥ 1. */
  constructor(dataset: Dataset<Item>, options: DataLoaderOptions & CollateOption<Item, B>) {
    requirePositiveInteger("batchSize", options.batchSize);
    this.dataset = dataset;
    this.batchSize = options.batchSize;
    this.shuffle = options.shuffle ?? true;
    this.dropLast = options.dropLast ?? true;
    this.generator = options.generator ?? defaultGenerator;
    // Without `collate`, CollateOption has made sure that the items are token windows.
    this.#collate = options.collate ?? (stackWindows as unknown as (items: readonly Item[]) => B);
  }

  /** Batches per pass. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Starts a pass: draws its base seed now, before the first batch is asked for. */
  batches(): BatchPass<Item, B> {
    this.generator.random64(); // PyTorch's `_base_seed`, which only worker processes would use
    return this.#pass();
  }

  /**
   * Goes on with a pass in the middle, drawing nothing that was drawn before.
   * @throws {CursorMismatchError} when `cursor` was taken from another loader.
   */
  resume(cursor: LoaderCursor): BatchPass<Item, B> {
    return this.#pass(cursor);
  }

  [Symbol.iterator](): BatchPass<Item, B> {
    return this.batches();
  }

  #pass(cursor?: LoaderCursor): BatchPass<Item, B> {
    const { dataset, length, batchSize, shuffle, generator } = this;
    return new BatchPass({ dataset, length, batchSize, shuffle, generator, collate: this.#collate }, cursor);
  }
}
