import { RECORDING_KERNELS } from "@scratch-llm/nn";
import type * as tf from "@tensorflow/tfjs";
import { type ConstantData, DataType, type Value } from "./graph.ts";
import type { RecordingBackend } from "./recording-backend.ts";
import { dtypeNumber } from "./recording.ts";

/** The kernels that a recorder has instead of tfjs-node's, or besides them. */
export function recordedKernels(backend: RecordingBackend): tf.KernelConfig[] {
  const kernel = (kernelName: string, kernelFunc: tf.KernelFunc): tf.KernelConfig => ({
    kernelName,
    backendName: "",
    kernelFunc,
  });
  return [
    kernel("GatherV2", ({ inputs, attrs }) =>
      gather(backend, inputs as unknown as Gather, attrs as { axis: number; batchDims: number }),
    ),
    kernel(RECORDING_KERNELS.hostTensor, ({ attrs }) => hostTensor(backend, attrs as unknown as HostTensor)),
    kernel(RECORDING_KERNELS.sliceUpdate, ({ inputs, attrs }) =>
      sliceUpdate(backend, inputs as unknown as SliceUpdate, (attrs as unknown as { axis: number }).axis),
    ),
    kernel(RECORDING_KERNELS.adamW, ({ inputs, attrs }) => adamW(backend, inputs, attrs as unknown as AdamW)),
  ];
}

interface Gather {
  readonly x: tf.TensorInfo;
  readonly indices: tf.TensorInfo;
}

/** As tfjs-node's, without its look at every index: TensorFlow itself checks them at each run. */
function gather(
  backend: RecordingBackend,
  { x, indices }: Gather,
  attrs: { axis: number; batchDims: number },
): tf.Tensor {
  const { TF_ATTR_INT, TF_ATTR_TYPE } = backend.binding;
  const axis = backend.tensor(backend.recording.builder.ints(attrs.axis));
  return backend.executeSingleOutput(
    "GatherV2",
    [
      { name: "batch_dims", type: TF_ATTR_INT, value: attrs.batchDims },
      { name: "Tparams", type: TF_ATTR_TYPE, value: dtypeNumber(x.dtype) },
      { name: "Tindices", type: TF_ATTR_TYPE, value: dtypeNumber(indices.dtype) },
      { name: "Taxis", type: TF_ATTR_TYPE, value: DataType.int32 },
    ],
    [x, indices, axis],
  );
}

interface HostTensor {
  readonly compute: () => ConstantData;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
}

function hostTensor(backend: RecordingBackend, { compute, shape, dtype }: HostTensor): tf.Tensor {
  return backend.tensor(backend.recording.feed({ shape, dtype: dtypeNumber(dtype) }, compute));
}

interface AdamW {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
}

/** One node for now; a pass makes in-place updates of it, or plain arithmetic. */
function adamW(backend: RecordingBackend, inputs: tf.NamedTensorInfoMap, { beta1, beta2, eps }: AdamW): tf.Tensor[] {
  const { recording } = backend;
  const names = ["parameter", "m", "v", "grad", "keep", "stepSize", "correction"];
  const values = names.map((name) => recording.valueOf(inputs[name] as tf.TensorInfo));
  const spec = recording.builder.spec(values[0]!);
  const attrs = Object.fromEntries(
    Object.entries({ beta1, beta2, eps }).map(([name, value]) => [name, { kind: "float", value } as const]),
  );
  return recording.builder
    .add({ op: "AdamWUpdate", inputs: values, attrs, outputs: [spec, spec, spec] })
    .map((value) => backend.tensor(value));
}

interface SliceUpdate {
  readonly whole: tf.TensorInfo;
  readonly part: tf.TensorInfo;
  readonly start: tf.TensorInfo;
}

/** One node for now, as with AdamW. */
function sliceUpdate(backend: RecordingBackend, { whole, part, start }: SliceUpdate, axis: number): tf.Tensor {
  const { recording } = backend;
  const inputs = [whole, part, start].map((input) => recording.valueOf(input));
  const spec = recording.builder.spec(inputs[0] as Value);
  const attrs = { axis: { kind: "int", value: axis } } as const;
  return backend.tensor(recording.builder.addOne({ op: "SliceUpdate", inputs, attrs }, spec));
}
