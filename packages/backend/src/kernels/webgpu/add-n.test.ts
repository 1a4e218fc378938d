import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { useTestBackend } from "@test/backend.ts";
import { addNKernel } from "./add-n.ts";

/** What WebGPU promises everywhere. */
const limits = { maxStorageBuffersPerShaderStage: 8 };

it.each([1, 2, 7, 8, 13, 14, 40])("adds %i tensors, 7 at a time, and keeps only the sum", async (count) => {
  await useTestBackend("cpu");
  const { kernelFunc } = tf.getKernel(tf.AddN, "cpu");
  const backend = Object.assign(Object.create(tf.backend()), { device: { limits } });
  const addN = addNKernel((args) => {
    expect(Object.keys(args.inputs).length).toBeLessThan(8);
    return kernelFunc(args);
  });
  const inputs = Array.from({ length: count }, (_, i) => tf.tensor1d([i, 1]));
  const before = tf.backend().numDataIds();
  const sum = tf.engine().makeTensorFromTensorInfo(addN({ inputs, backend }));
  expect([...sum.dataSync()]).toEqual([(count * (count - 1)) / 2, count]);
  expect(tf.backend().numDataIds()).toBe(before + 1);
});
