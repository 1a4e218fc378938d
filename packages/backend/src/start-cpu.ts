import * as tf from "@tensorflow/tfjs";
import type { StartedBackend } from "./backend-info.ts";
import { selectBackend } from "./select-backend.ts";

/** Starts the plain JavaScript backend: slow, everywhere, and the reference that tests compare the others with. */
export async function startCpu(): Promise<StartedBackend> {
  await selectBackend("cpu", "import @tensorflow/tfjs and not only its core.");
  Object.assign(tf.backend(), { firstUse: false }); // no advertisement for another package at the first tensor
  return { versions: { tfjs: tf.version.tfjs }, threads: 1, memoryLimitBytes: Number.POSITIVE_INFINITY };
}
