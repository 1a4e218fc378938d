import { availableParallelism, totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs";
import { unavailable } from "../backend-error.ts";
import type { StartedBackend } from "../backend-info.ts";
import { registerNativeKernels } from "../kernels/native/register.ts";
import { findInstallation, hasKernels } from "../native/installation.ts";
import { loadTensorFlow } from "../native/load.ts";
import type { TensorFlowBinding } from "../native/load.ts";
import { NOT_SET_UP } from "../native/status.ts";
import { ADD_TFJS_NODE, locateTfjsNode } from "../native/tfjs-node.ts";
import { selectBackend } from "../select-backend.ts";

let loaded: TensorFlowBinding | undefined;

/** Starts native TensorFlow where {@link setupNative} has set it up. */
export async function startNative(): Promise<StartedBackend> {
  const tfjsNode = locateTfjsNode();
  if (!tfjsNode) throw unavailable(`@tensorflow/tfjs-node is not installed: ${ADD_TFJS_NODE}.`);
  const installation = findInstallation(tfjsNode);
  if (!installation) throw unavailable(NOT_SET_UP);
  try {
    loaded ??= loadTensorFlow(tfjsNode, installation);
  } catch (cause) {
    const remedy = "run `scratch-llm backend remove`, then `scratch-llm backend setup`";
    throw unavailable(`Native TensorFlow does not load from ${installation.folder}: ${remedy}.`, cause);
  }
  await selectBackend("tensorflow", "run `scratch-llm backend setup`.");
  registerNativeKernels(hasKernels(installation));
  return {
    versions: { tfjs: tf.version.tfjs, "tfjs-node": tfjsNode.version, tensorflow: loaded.TF_Version },
    threads: availableParallelism(),
    memoryLimitBytes: memoryOfThisProcess(),
  };
}

/** The computer's memory, or what a container leaves of it. */
export function memoryOfThisProcess(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
