import * as tf from "@tensorflow/tfjs";

/** Registers a kernel for a backend, in place of one that may be there. */
export function replaceKernel<A>(kernelName: string, backendName: BackendName, kernel: Kernel<A>): void {
  // TensorFlow.js warns where a kernel is registered twice.
  if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** TensorFlow.js's name of a backend; "tensorflow" is the native one. */
type BackendName = "wasm" | "webgpu" | "tensorflow";

/** A kernel with its own types for inputs, attributes and backend, which the kernel's name implies. */
type Kernel<A> = (args: A) => tf.TensorInfo | tf.TensorInfo[];
