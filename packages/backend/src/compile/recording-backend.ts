import * as tf from "@tensorflow/tfjs";
import { callPlace, CompileError } from "./compile-error.ts";
import type { ConstantData, Value } from "./graph.ts";
import {
  type Binding,
  NATIVE,
  nativeBackend,
  type NativeBackend,
  type OpAttribute,
  ownerOf,
} from "./native-backend.ts";
import { recordedKernels } from "./recorded-kernels.ts";
import { dtypeNumber, type Recording } from "./recording.ts";

/** Name under which TensorFlow.js knows the backend that writes operations down. */
const RECORDER = "scratch-llm-recorder";

/** Whether a function is being recorded. */
export function isRecording(): boolean {
  return tf.getBackend() === RECORDER;
}

/** Runs `fn` while every TensorFlow.js operation is written into the recording instead of being done. */
export function record<R>(recording: Recording, fn: (backend: RecordingBackend) => R): R {
  const before = tf.getBackend();
  const backend = recordingBackend();
  backend.begin(recording);
  select(RECORDER);
  try {
    return fn(backend);
  } finally {
    select(before);
    backend.end();
  }
}

function select(name: string): void {
  void tf.setBackend(name); // both backends exist already, so that this is done when it returns
}

/** The recorder, which has every kernel of tfjs-node's backend and a few of its own. */
function recordingBackend(): RecordingBackend {
  const known = tf.engine().registry[RECORDER];
  if (known) return known as RecordingBackend;
  const backend = new RecordingBackend(nativeBackend());
  tf.registerBackend(RECORDER, () => backend, 0);
  tf.engine().findBackend(RECORDER);
  const kernels = new Map(tf.getKernelsForBackend(NATIVE).map((kernel) => [kernel.kernelName, kernel]));
  for (const kernel of recordedKernels(backend)) kernels.set(kernel.kernelName, kernel);
  for (const kernel of kernels.values()) tf.registerKernel({ ...kernel, backendName: RECORDER });
  return backend;
}

/** A backend with the methods that tfjs-node's kernels use; it writes down what they ask for. */
export class RecordingBackend extends tf.KernelBackend {
  readonly binding: Binding;
  readonly isGPUPackage = false;
  readonly #native: NativeBackend;
  readonly #references: Map<tf.DataId, number> = new Map();
  #recording: Recording | undefined;

  constructor(native: NativeBackend) {
    super();
    this.#native = native;
    this.binding = native.binding;
  }

  /** From now on operations go into this recording. */
  begin(recording: Recording): void {
    this.#recording = recording;
  }

  /** Tensors of the recording are of no use any more. */
  end(): void {
    this.#recording = undefined;
  }

  /** The recording in progress. */
  get recording(): Recording {
    if (this.#recording) return this.#recording;
    throw escaped();
  }

  /** A tensor that stands for a value of the recording. */
  tensor(value: Value): tf.Tensor {
    const { shape, dtype } = this.recording.builder.spec(value);
    const dataId = this.#keep(value);
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: dtypeName(dtype) }, this);
  }

  executeSingleInput(op: string, input: tf.TensorInfo): tf.Tensor {
    const type = { name: "T", type: this.binding.TF_ATTR_TYPE, value: dtypeNumber(input.dtype) };
    return this.executeSingleOutput(op, [type], [input]);
  }

  executeSingleOutput(op: string, attrs: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor {
    return this.executeMultipleOutputs(op, attrs, inputs)[0] as tf.Tensor;
  }

  executeMultipleOutputs(op: string, attrs: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor[] {
    return this.recording.operation(op, attrs, inputs).map((value) => this.tensor(value));
  }

  createReductionOpAttrs(tensor: tf.TensorInfo, keepDims?: boolean): OpAttribute[] {
    return this.#native.createReductionOpAttrs(tensor, keepDims);
  }

  applyActivation(...args: Parameters<NativeBackend["applyActivation"]>): tf.Tensor {
    return this.#native.applyActivation(...args);
  }

  getDTypeInteger(dtype: tf.DataType): number {
    return this.#native.getDTypeInteger(dtype);
  }

  override write(values: ConstantData, shape: number[], dtype: tf.DataType): tf.DataId {
    return this.#keep(this.recording.builder.constant(values, { shape, dtype: dtypeNumber(dtype) }));
  }

  override readSync(dataId: tf.DataId): never {
    const recording = this.#recording;
    if (!recording?.has(dataId)) throw escaped();
    throw new CompileError(
      "COMPILE_VALUE_READ",
      `${recording.title}: a value is read at ${callPlace()}, but there are no values while a function is recorded. ` +
        "Return the tensor and read it outside, or express the decision by tensor operations.",
    );
  }

  // eslint-disable-next-line typescript/require-await -- as an async function it rejects where the other one throws
  override async read(dataId: tf.DataId): Promise<never> {
    return this.readSync(dataId);
  }

  override incRef(dataId: tf.DataId): void {
    const count = this.#references.get(dataId);
    if (count === undefined) ownerOf(dataId)?.incRef(dataId);
    else this.#references.set(dataId, count + 1);
  }

  override refCount(dataId: tf.DataId): number {
    return this.#references.get(dataId) ?? 0;
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    const left = this.refCount(dataId) - 1;
    if (left > 0 && !force) {
      this.#references.set(dataId, left);
      return false;
    }
    this.#references.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.#references.size;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return this.#native.epsilon();
  }

  #keep(value: Value): tf.DataId {
    const dataId = {};
    this.recording.define(dataId, value);
    this.#references.set(dataId, 1);
    return dataId;
  }
}

function escaped(): CompileError {
  return new CompileError(
    "COMPILE_ESCAPED_TENSOR",
    `A tensor that a compiled function made while it was recorded is used at ${callPlace()}. It never had a value: ` +
      "return it from the function instead of keeping it.",
  );
}

function dtypeName(dtype: number): tf.DataType {
  return ({ 1: "float32", 3: "int32", 10: "bool" } as const)[dtype as 1] ?? "float32";
}
