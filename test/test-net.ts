import { Dropout, Embedding, Generator, Linear, Module, ReLU } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";

/** A small classifier of int32 ids, for tests of compiled steps. */
export class TestNet extends Module {
  readonly embedding: Embedding;
  readonly hidden: Linear;
  readonly dropout: Dropout = new Dropout(0.3);
  readonly head: Linear;

  constructor(generator: Generator = new Generator(7)) {
    super();
    this.embedding = new Embedding(11, 6, { generator });
    this.hidden = new Linear(6, 8, { generator });
    this.head = new Linear(8, 11, { generator });
  }

  forward(ids: tf.Tensor1D): tf.Tensor2D {
    const hidden = new ReLU().forward(this.hidden.forward(this.embedding.forward(ids)));
    return this.head.forward(this.dropout.forward(hidden)) as tf.Tensor2D;
  }
}

const IDS = [3, 1, 4, 1, 5, 9, 2, 6];

/** What the net is given. */
export const inputs = (): tf.Tensor1D => tf.tensor1d(IDS, "int32");

/** What it should answer. */
export const targets = (): tf.Tensor1D => tf.tensor1d([...IDS.slice(1), 5], "int32");

/** The first element. */
export const read = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;

/** All parameters' values, one after the other. */
export const weights = (model: Module): number[] => model.parameters().flatMap((variable) => [...variable.dataSync()]);

/** A training step: inputs and targets to the loss. */
export type Step = (x: tf.Tensor1D, y: tf.Tensor1D) => tf.Tensor;
