import { crossEntropy, SGD, valueAndGrads } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { NeuralNetwork } from "./neural-network.ts";
import { toyLoader } from "./toy-dataset.ts";
import type { ToyDataset } from "./toy-dataset.ts";

/** One training step: where it was, and its loss. */
export interface ToyStep {
  readonly epoch: number;
  readonly batch: number;
  readonly loss: number;
}

/** The training loop of book section A.7: three passes of stochastic gradient descent. */
export function* trainToy(model: NeuralNetwork, dataset: ToyDataset, numEpochs = 3): Iterable<ToyStep> {
  const optimizer = new SGD(model.namedParameters(), { lr: 0.5 });
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    model.train();
    let batch = 0;
    for (const { features, labels } of toyLoader(dataset, { batchSize: 2, shuffle: true, dropLast: true })) {
      const { value, grads } = valueAndGrads(
        () => crossEntropy(model.forward(features), labels),
        model.namedParameters(),
      );
      optimizer.step(grads);
      yield { epoch, batch: batch++, loss: value.dataSync()[0] ?? Number.NaN };
      tf.dispose([value, features, labels, ...grads.values()]);
    }
  }
  model.eval();
}

/** Share of the rows whose largest logit is at their label (book section A.7). */
export function accuracy(model: NeuralNetwork, dataset: ToyDataset): number {
  let correct = 0;
  for (const { features, labels } of toyLoader(dataset, { batchSize: 2 })) {
    correct += tf.tidy(() => model.forward(features).argMax(-1).equal(labels).sum().dataSync()[0] ?? 0);
    tf.dispose([features, labels]);
  }
  return correct / dataset.length;
}
