import * as tf from "@tensorflow/tfjs";

/**
 * TensorFlow.js's cpu backend prints an advertisement at its first tensor in Node. A library prints nothing, and
 * `tf.enableProdMode()` would hide real warnings too, so this only tells each new cpu backend that it was used before.
 */
const cpu = tf.engine().registryFactory["cpu"];
if (cpu) {
  const create = cpu.factory;
  cpu.factory = () => Object.assign(create(), { firstUse: false });
}
