import type { Batch, LoaderCursor } from "@scratch-llm/dataloader";
import type { Generator } from "@scratch-llm/nn";

/** A pass over a loader that can be saved. */
export interface BatchIterator extends IterableIterator<Batch> {
  state(): LoaderCursor;
}

/** What the training loop asks of a loader: any `DataLoader` whose batches are inputs and targets. */
export interface BatchLoader extends Iterable<Batch> {
  /** Batches per pass. */
  readonly length: number;
  readonly generator: Generator;
  batches(): BatchIterator;
  resume(cursor: LoaderCursor): BatchIterator;
}
