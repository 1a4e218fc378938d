import * as tf from "@tensorflow/tfjs";
import { unavailable } from "./backend-error.ts";

/**
 * Makes a registered TensorFlow.js backend the current one and waits until it is ready.
 *
 * @param tfName TensorFlow.js's name for it ("tensorflow" is the native one)
 * @param remedy what to do where it does not start
 * @throws BackendError
 */
export async function selectBackend(tfName: string, remedy: string): Promise<void> {
  let selected: boolean;
  try {
    selected = await tf.setBackend(tfName);
    await tf.ready();
  } catch (cause) {
    throw unavailable(`The ${tfName} backend did not start: ${remedy}`, cause);
  }
  if (!selected || tf.getBackend() !== tfName) throw unavailable(`The ${tfName} backend did not start: ${remedy}`);
}
