import { defaultGenerator, Linear, Module, Sequential, valueAndGrads } from "@scratch-llm/nn";
import type { Generator } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { GELU } from "./gelu.ts";

/** What the example network is built from. */
export interface ExampleDeepNeuralNetworkOptions {
  readonly useShortcut: boolean;
  readonly generator?: Generator | undefined;
}

/** Five small layers that show what shortcuts do to the gradients (book section 4.4). */
export class ExampleDeepNeuralNetwork extends Module {
  readonly layers: readonly Sequential[];
  readonly #useShortcut: boolean;

  /** @param layerSizes width of the input, then of every layer's output */
  constructor(
    layerSizes: readonly number[],
    { useShortcut, generator = defaultGenerator }: ExampleDeepNeuralNetworkOptions,
  ) {
    super();
    this.layers = layerSizes
      .slice(1)
      .map((size, i) => new Sequential(new Linear(layerSizes[i] ?? size, size, { generator }), new GELU()));
    this.#useShortcut = useShortcut;
  }

  /** x: (b, layerSizes[0]) → (b, last of layerSizes). A shortcut needs input and output of the same shape. */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    for (const layer of this.layers) {
      const output = layer.forward(x) as tf.Tensor2D;
      x = this.#useShortcut && tf.util.arraysEqual(x.shape, output.shape) ? x.add(output) : output;
    }
    return x;
  }
}

/**
 * What the book's `print_gradients` prints (section 4.4): the mean absolute gradient of every weight, for the squared
 * distance between the output and 0.
 *
 * @example
 * for (const [name, mean] of meanGradients(model, x)) console.log(`${name} has gradient mean of ${mean}`);
 */
export function meanGradients(model: ExampleDeepNeuralNetwork, x: tf.Tensor2D): Map<string, number> {
  const means = new Map<string, number>();
  tf.tidy(() => {
    const { grads } = valueAndGrads(() => model.forward(x).square().mean(), model.namedParameters());
    for (const [name, gradient] of grads) {
      if (name.endsWith("weight")) means.set(name, gradient.abs().mean().dataSync()[0] ?? Number.NaN);
    }
  });
  return means;
}
