import * as tf from "@tensorflow/tfjs";

/** The parts of TensorFlow.js's WASM backend that kernels use. */
export interface WasmBackend extends tf.KernelBackend {
  readonly wasm: WasmModule;
  readonly dataIdMap: { get(dataId: tf.DataId): { readonly id: number; readonly memoryOffset: number } };
  /** The next free tensor number inside WASM. */
  dataIdNextNumber: number;
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

/** The compiled module. */
export interface WasmModule {
  /** All of its memory; another object after each growth. */
  readonly HEAPU8: Uint8Array;
  /** Answers 0 where it fails; addresses over 2 GiB come as negative numbers. */
  _malloc(bytes: number): number;
  _free(address: number): void;
  cwrap(name: string, returns: null, parameters: readonly ("number" | "array")[]): (...values: unknown[]) => void;
  readonly tfjs: {
    registerTensor(id: number, size: number, address: number): void;
    disposeData(id: number): void;
  };
}

type Values<D extends tf.DataType> = D extends "float32" ? Float32Array : Int32Array;

/** A tensor's values in WASM's memory. Ask after all outputs were made: making one may move the memory. */
export function valuesOf<D extends "float32" | "int32">(
  { wasm, dataIdMap }: WasmBackend,
  tensor: tf.TensorInfo,
  dtype: D,
): Values<D> {
  if (tensor.dtype !== dtype) throw new TypeError(`A kernel expects ${dtype}, got ${tensor.dtype}.`);
  const { memoryOffset } = dataIdMap.get(tensor.dataId);
  const size = tf.util.sizeFromShape(tensor.shape);
  const { buffer } = wasm.HEAPU8;
  const values =
    dtype === "float32" ? new Float32Array(buffer, memoryOffset, size) : new Int32Array(buffer, memoryOffset, size);
  return values as Values<D>;
}
