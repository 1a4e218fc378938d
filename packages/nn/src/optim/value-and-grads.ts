import * as tf from "@tensorflow/tfjs";

/** A loss and its gradients by parameter name. */
export interface ValueAndGrads {
  readonly value: tf.Scalar;
  readonly grads: Map<string, tf.Tensor>;
}

/**
 * The loss and its gradient with respect to each trainable parameter, as `loss.backward()`. Frozen parameters and those that
 * the loss does not depend on have no entry. The caller disposes value and gradients.
 *
 * @example
 * const { value, grads } = valueAndGrads(() => crossEntropy(model.forward(x), y), model.namedParameters());
 * optimizer.step(grads);
 * tf.dispose([value, ...grads.values()]);
 */
export function valueAndGrads(lossFn: () => tf.Scalar, params: ReadonlyMap<string, tf.Variable>): ValueAndGrads {
  const trainable = [...params].filter(([, variable]) => variable.trainable);
  const result = tf.variableGrads(
    lossFn,
    trainable.map(([, variable]) => variable),
  );
  const grads = new Map<string, tf.Tensor>();
  for (const [name, variable] of trainable) {
    const grad = result.grads[variable.name];
    if (grad) grads.set(name, grad);
  }
  return { value: result.value, grads };
}
