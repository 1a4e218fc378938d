import { defaultGenerator, Generator } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";

/** Feature vectors and their labels (book section A.6). */
export class ToyDataset {
  readonly features: readonly (readonly number[])[];
  readonly labels: readonly number[];

  constructor(features: readonly (readonly number[])[], labels: readonly number[]) {
    this.features = features;
    this.labels = labels;
  }

  get length(): number {
    return this.labels.length;
  }
}

/** Five points of two classes to learn from. */
export const trainSet: ToyDataset = new ToyDataset(
  [
    [-1.2, 3.1],
    [-0.9, 2.9],
    [-0.5, 2.6],
    [2.3, -1.1],
    [2.7, -1.5],
  ],
  [0, 0, 0, 1, 1],
);

/** Two points to test with. */
export const testSet: ToyDataset = new ToyDataset(
  [
    [-0.8, 2.8],
    [2.6, -1.6],
  ],
  [0, 1],
);

/** One batch: features (b, 2), labels int32 (b), and the rows they are. The consumer disposes of the tensors. */
export interface ToyBatch {
  readonly indices: readonly number[];
  readonly features: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
}

/** Batches in the order of PyTorch's `DataLoader` (book section A.6). */
export function* toyLoader(
  dataset: ToyDataset,
  { batchSize = 2, shuffle = false, dropLast = false }: { batchSize?: number; shuffle?: boolean; dropLast?: boolean },
): Iterable<ToyBatch> {
  defaultGenerator.random64(); // PyTorch draws a seed for its workers, even where there are none
  const order = shuffle
    ? new Generator(Number(BigInt.asUintN(32, defaultGenerator.random64()))).randperm(dataset.length)
    : Int32Array.from({ length: dataset.length }, (_, i) => i);
  for (let start = 0; start < order.length; start += batchSize) {
    const indices = Array.from(order.subarray(start, start + batchSize));
    if (dropLast && indices.length < batchSize) return;
    const features = indices.map((i) => [...(dataset.features[i] ?? [])]);
    const labels = indices.map((i) => dataset.labels[i] ?? -1);
    yield { indices, features: tf.tensor2d(features), labels: tf.tensor1d(labels, "int32") };
  }
}
