import * as tf from "@tensorflow/tfjs";

/** Name under which tfjs-node registers itself. */
export const NATIVE = "tensorflow";

/** An attribute as tfjs-node's kernels hand it over. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** A tensor that TensorFlow has made. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The part of tfjs-node's addon that compiling needs. */
export interface Binding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_Version: string;
  createTensor(shape: readonly number[], dtype: number, values: tf.backend_util.BackendValues): number;
  deleteTensor(id: number): void;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputIds: readonly number[], inputs: string, outputs: string): TensorMetadata[];
}

/** What tfjs-node keeps about the data of a tensor. */
interface TensorData {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly id: number;
  readonly values: tf.backend_util.BackendValues | null;
  readonly refCount: number;
}

/** tfjs-node's backend, with what its types keep private. */
export interface NativeBackend extends tf.KernelBackend {
  readonly binding: Binding;
  readonly tensorMap: tf.DataStorage<TensorData>;
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  getDTypeInteger(dtype: tf.DataType): number;
  createReductionOpAttrs(tensor: tf.TensorInfo, keepDims?: boolean): OpAttribute[];
  applyActivation(input: tf.Tensor, activation: string, preluWeights?: tf.Tensor, leakyreluAlpha?: number): tf.Tensor;
  executeSingleOutput(op: string, attrs: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attrs: readonly OpAttribute[],
    inputs: readonly tf.TensorInfo[],
    count: number,
  ): tf.Tensor[];
}

/** tfjs-node's backend, once it has been started. */
export function nativeBackend(): NativeBackend {
  return tf.engine().findBackend(NATIVE) as NativeBackend;
}

/** Which backend holds the data of a tensor. */
export function ownerOf(dataId: tf.DataId): tf.KernelBackend | undefined {
  return tf.engine().state.tensorInfo.get(dataId)?.backend;
}

/** Says that a backend now holds the data of a tensor. */
export function setOwner(dataId: tf.DataId, backend: tf.KernelBackend): void {
  const info = tf.engine().state.tensorInfo.get(dataId);
  if (info) info.backend = backend;
}

/** All variables alive. */
export function allVariables(): tf.Variable[] {
  return Object.values(tf.engine().state.registeredVariables);
}
