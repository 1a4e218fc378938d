import * as tf from "@tensorflow/tfjs";
import type { WasmBackend } from "./wasm-backend.ts";

interface MatMulArgs {
  readonly inputs: { readonly a: tf.TensorInfo; readonly b: tf.TensorInfo };
  readonly attrs: { readonly transposeA: boolean; readonly transposeB: boolean };
  readonly backend: WasmBackend;
}

/**
 * `BatchMatMul` for WASM. TensorFlow.js's own uses the fast library (XNNPACK) only for one pair of matrices without
 * transposes, and else plain loops that are 10 to 60 times slower. So operands are transposed first, and every pair of a
 * batch is handed over on its own.
 */
export function batchMatMul({ inputs, attrs, backend }: MatMulArgs): tf.TensorInfo {
  const temporary: tf.TensorInfo[] = [];
  const transposed = (x: tf.TensorInfo): tf.TensorInfo => {
    const result = swapLastAxes(x, backend);
    temporary.push(result);
    return result;
  };
  try {
    const a = attrs.transposeA ? transposed(inputs.a) : inputs.a; // (..., m, k)
    if (attrs.transposeB && hasFewRows(a, inputs.b)) {
      const product = multiply(inputs.b, transposed(a), backend); // (..., n, m)
      temporary.push(product);
      return swapLastAxes(product, backend);
    }
    return multiply(a, attrs.transposeB ? transposed(inputs.b) : inputs.b, backend); // (..., m, n)
  } finally {
    for (const { dataId } of temporary) backend.disposeData(dataId);
  }
}

/**
 * A Bᵀ is also (B Aᵀ)ᵀ. That is cheaper where A has few rows, as in decoding, because the large matrix stays as it lies.
 *
 * @param a (..., m, k)
 * @param b (..., n, k)
 */
function hasFewRows(a: tf.TensorInfo, b: tf.TensorInfo): boolean {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-2) as number;
  return m * (k + n) < n * k;
}

function swapLastAxes(x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const axes = x.shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  const transpose = tf.getKernel(tf.Transpose, "wasm").kernelFunc;
  return transpose({ inputs: { x }, attrs: { perm }, backend }) as tf.TensorInfo;
}

/**
 * The product of matrices as they lie in memory, batch axes broadcast.
 *
 * @param a (..., m, k)
 * @param b (..., k, n)
 * @returns (..., m, n)
 */
function multiply(a: tf.TensorInfo, b: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [inner, n] = b.shape.slice(-2) as [number, number];
  if (k !== inner || a.dtype !== "float32" || b.dtype !== "float32") {
    const [left, right] = [a, b].map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`);
    throw new Error(`Matrix product of ${left} and ${right}: the inner axes must be equal and both float32.`);
  }
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const out = backend.makeOutput([...batchShape, m, n], "float32");
  const batch = tf.util.sizeFromShape(batchShape);
  if (tf.util.sizeFromShape(b.shape.slice(0, -2)) === 1) {
    // One matrix b for all: the rows of all matrices a are those of one tall matrix.
    multiplyEach(a, b, out, { m: batch * m, k, n, aIndices: [0], bIndices: [0] }, backend);
  } else {
    const [aIndices, bIndices] = [a, b].map(({ shape }) => broadcastIndices(shape.slice(0, -2), batchShape));
    multiplyEach(a, b, out, { m, k, n, aIndices: aIndices ?? [], bIndices: bIndices ?? [] }, backend);
  }
  return out;
}

/** For every index of a batch of `batchShape`, in order, the one in a batch of `shape` that is broadcast to it. */
function broadcastIndices(shape: readonly number[], batchShape: readonly number[]): number[] {
  const missing = batchShape.length - shape.length;
  return batchShape.reduce<number[]>(
    (indices, size, axis) => {
      const own = shape[axis - missing] ?? 1;
      return indices.flatMap((index) => Array.from({ length: size }, (_, i) => index * own + (own === 1 ? 0 : i)));
    },
    [0],
  );
}

interface Batch {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Which matrices of a and b make the product that is first, second, … in the output. */
  readonly aIndices: readonly number[];
  readonly bIndices: readonly number[];
}

/** Multiplies through views: tensor numbers for one matrix of a larger tensor. */
function multiplyEach(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  out: tf.TensorInfo,
  { m, k, n, aIndices, bIndices }: Batch,
  backend: WasmBackend,
): void {
  const { registerTensor, disposeData } = backend.wasm.tfjs;
  const matMul = backend.wasm.cwrap("BatchMatMul", null, PARAMETERS);
  const address = ({ dataId }: tf.TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
  const [aAddress, bAddress, outAddress] = [address(a), address(b), address(out)];
  const [aShape, bShape] = [shapeBytes([1, m, k]), shapeBytes([1, k, n])];
  // XNNPACK packs a copy of b and does not say where that fails: the guarded allocation does.
  backend.wasm._free(backend.wasm._malloc(k * n * FLOAT_BYTES));
  const [aView, bView, outView] = [backend.dataIdNextNumber++, backend.dataIdNextNumber++, backend.dataIdNextNumber++];
  aIndices.forEach((aIndex, i) => {
    registerTensor(aView, m * k, aAddress + aIndex * m * k * FLOAT_BYTES);
    registerTensor(bView, k * n, bAddress + (bIndices[i] as number) * k * n * FLOAT_BYTES);
    registerTensor(outView, m * n, outAddress + i * m * n * FLOAT_BYTES);
    matMul(aView, aShape, aShape.length, bView, bShape, bShape.length, 0, 0, outView);
    // XNNPACK keeps a packed copy of b per tensor number until that is given up.
    for (const view of [aView, bView, outView]) disposeData(view);
  });
}

const FLOAT_BYTES = 4;

/** a, its shape and rank, b, its shape and rank, transposeA, transposeB, out. */
const PARAMETERS = ["number", "array", "number", "number", "array", "number", "number", "number", "number"] as const;

function shapeBytes(shape: number[]): Uint8Array {
  return new Uint8Array(new Int32Array(shape).buffer);
}
