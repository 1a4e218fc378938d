import { Linear, Module, ReLU, Sequential } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";

/** A multilayer perceptron with two hidden layers (book section A.5). */
export class NeuralNetwork extends Module {
  readonly layers: Sequential;

  constructor(numInputs: number, numOutputs: number) {
    super();
    this.layers = new Sequential(
      new Linear(numInputs, 30), // first hidden layer
      new ReLU(),
      new Linear(30, 20), // second hidden layer
      new ReLU(),
      new Linear(20, numOutputs), // output layer
    );
  }

  /** x: (b, numInputs) → logits (b, numOutputs). */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.layers.forward(x) as tf.Tensor2D;
  }
}
