import type * as tf from "@tensorflow/tfjs";

interface AddNArgs {
  readonly inputs: readonly tf.TensorInfo[];
  readonly backend: WebgpuBackend;
}

/** What the kernel needs of TensorFlow.js's WebGPU backend. */
interface WebgpuBackend {
  readonly device: { readonly limits: { readonly maxStorageBuffersPerShaderStage: number } };
  disposeData(dataId: tf.TensorInfo["dataId"]): boolean;
}

/**
 * TensorFlow.js's addN, a few tensors at a time. In 4.22 it binds all of them to one shader, and a device allows that shader
 * 8 buffers unless asked for more. Beyond them WebGPU drops the whole command buffer, which holds up to 14 other operations,
 * without an exception: their results are then whatever was in memory.
 */
export function addNKernel(addN: tf.KernelFunc): (args: AddNArgs) => tf.TensorInfo {
  return ({ inputs, backend }) => {
    const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1; // one is the result's
    const add = (tensors: readonly tf.TensorInfo[]): tf.TensorInfo =>
      addN({ inputs: tensors as unknown as tf.NamedTensorInfoMap, backend }) as tf.TensorInfo;
    let sum = add(inputs.slice(0, most));
    for (let i = most; i < inputs.length; i += most - 1) {
      const next = add([sum, ...inputs.slice(i, i + most - 1)]);
      backend.disposeData(sum.dataId);
      sum = next;
    }
    return sum;
  };
}
