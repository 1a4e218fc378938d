import * as tf from "@tensorflow/tfjs";
import { valuesOf } from "./wasm-backend.ts";
import type { WasmBackend } from "./wasm-backend.ts";

type KernelParams = Parameters<tf.KernelFunc>[0];

interface SumArgs {
  readonly inputs: { readonly x: tf.TensorInfo };
  readonly attrs: { readonly axis: number | number[]; readonly keepDims: boolean };
  readonly backend: WasmBackend;
}

/**
 * `Sum` for WASM. TensorFlow.js's own moves the axes it sums to the end first, which for the gradients of biases and of
 * layer norm (sums over all rows) takes ten times as long as the sum; those are added up row by row as they lie.
 */
export function sumKernel(original: tf.KernelFunc): (args: SumArgs) => tf.TensorInfo {
  return (args) => {
    const { x } = args.inputs;
    const axes = tf.util.parseAxisParam(args.attrs.axis, x.shape);
    const leading = axes.length < x.shape.length && axes.toSorted((a, b) => a - b).every((axis, i) => axis === i);
    if (!leading || x.dtype !== "float32") return original(args as unknown as KernelParams) as tf.TensorInfo;
    return sumRows(args, axes.length);
  };
}

function sumRows({ inputs: { x }, attrs: { keepDims }, backend }: SumArgs, summedAxes: number): tf.TensorInfo {
  const kept = x.shape.slice(summedAxes);
  const shape = keepDims ? [...x.shape.slice(0, summedAxes).map(() => 1), ...kept] : kept;
  const out = backend.makeOutput(shape, "float32");
  const values = valuesOf(backend, x, "float32");
  const width = tf.util.sizeFromShape(kept);
  const sums = new Float64Array(width);
  for (let row = 0; row < values.length; row += width) {
    for (let i = 0; i < width; i++) sums[i] = (sums[i] as number) + (values[row + i] as number);
  }
  valuesOf(backend, out, "float32").set(sums);
  return out;
}
