import type { Batch, LoaderCursor } from "@scratch-llm/dataloader";
import type { Generator } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";

/** Any object whose fields are all tensors, such as {@link Batch}: the constraint `B extends Tensors<B>`. */
export type Tensors<B> = Readonly<Record<keyof B, tf.Tensor>>;

/** A pass over a loader that can be saved. */
export interface BatchIterator<B = Batch> extends IterableIterator<B> {
  state(): LoaderCursor;
}

/** What the training loop asks of a loader: any `DataLoader` whose batches are objects of tensors. */
export interface BatchLoader<B = Batch> extends Iterable<B> {
  /** Batches per pass. */
  readonly length: number;
  readonly generator: Generator;
  batches(): BatchIterator<B>;
  resume(cursor: LoaderCursor): BatchIterator<B>;
}
