import * as tf from "@tensorflow/tfjs";
import "./quiet-cpu.ts";

/**
 * A trainable variable without a name of its own (a module's field names it), as `torch.nn.Parameter`.
 *
 * @example
 * const weight = parameter(defaultGenerator.uniform(3 * 2), [3, 2]); // nn.Parameter(torch.rand(3, 2))
 */
export function parameter(values: Float32Array, shape: number[]): tf.Variable {
  const initial = tf.tensor(values, shape, "float32");
  const variable = tf.variable(initial);
  initial.dispose();
  return variable;
}
