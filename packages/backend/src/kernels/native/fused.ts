import type * as tf from "@tensorflow/tfjs";
import type { NativeBackend, OpAttribute } from "../../compile/native-backend.ts";

// The kernels of nn as operations of native/kernels.cc, in float32; a pass of `compile` lets them take and give bfloat16.

interface Kernel<Inputs, Attrs = unknown> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly backend: NativeBackend;
}

export function gelu({ inputs: { x }, backend }: Kernel<{ x: tf.Tensor }>): tf.Tensor {
  return backend.executeSingleOutput("ScratchGelu", floats(backend, "T", "U"), [x]);
}

export function geluGrad({ inputs: { dy, x }, backend }: Kernel<{ dy: tf.Tensor; x: tf.Tensor }>): tf.Tensor {
  return backend.executeSingleOutput("ScratchGeluGrad", floats(backend, "D", "T", "U"), [dy, x]);
}

type LayerNorm = Kernel<{ x: tf.Tensor; scale: tf.Tensor; shift: tf.Tensor }, { epsilon: number }>;

export function layerNorm({ inputs: { x, scale, shift }, attrs: { epsilon }, backend }: LayerNorm): tf.Tensor[] {
  const attributes = [
    ...floats(backend, "U"),
    { name: "epsilon", type: backend.binding.TF_ATTR_FLOAT, value: epsilon },
  ];
  return backend.executeMultipleOutputs("ScratchLayerNorm", attributes, [x, scale, shift], 3);
}

type LayerNormGrad = Kernel<Record<"dy" | "x" | "scale" | "mean" | "rstd", tf.Tensor>>;

export function layerNormGrad({ inputs: { dy, x, scale, mean, rstd }, backend }: LayerNormGrad): tf.Tensor[] {
  const attributes = floats(backend, "D", "U");
  return backend.executeMultipleOutputs("ScratchLayerNormGrad", attributes, [dy, x, scale, mean, rstd], 3);
}

export function softmaxGrad({ inputs: { dy, y }, backend }: Kernel<{ dy: tf.Tensor; y: tf.Tensor }>): tf.Tensor {
  return backend.executeSingleOutput("ScratchSoftmaxGrad", floats(backend, "D", "T", "U"), [dy, y]);
}

type CrossEntropy = Kernel<{ logits: tf.Tensor; labels: tf.Tensor }>;

export function crossEntropy({ inputs: { logits, labels }, backend }: CrossEntropy): tf.Tensor[] {
  return backend.executeMultipleOutputs("ScratchCrossEntropy", floats(backend, "T", "U"), [logits, labels], 2);
}

function floats(backend: NativeBackend, ...names: readonly string[]): OpAttribute[] {
  const value = backend.getDTypeInteger("float32");
  return names.map((name) => ({ name, type: backend.binding.TF_ATTR_TYPE, value }));
}
