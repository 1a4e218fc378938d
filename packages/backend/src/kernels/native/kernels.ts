import * as tf from "@tensorflow/tfjs";
import type { NativeBackend, OpAttribute } from "../../compile/native-backend.ts";

/** What a kernel gets; inputs and attributes are those of nn's `KERNELS` table. */
interface KernelArgs<Inputs, Attrs = unknown> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly backend: NativeBackend;
}

type MatMul = KernelArgs<{ a: tf.Tensor; b: tf.Tensor }, { transposeA: boolean; transposeB: boolean }>;

/** TensorFlow's product of two matrices: for few rows twice as fast as its batched one, which tfjs-node always takes. */
export function matMul({ inputs: { a, b }, attrs, backend }: MatMul): tf.Tensor {
  const { TF_ATTR_BOOL } = backend.binding;
  const attributes = [
    { name: "transpose_a", type: TF_ATTR_BOOL, value: attrs.transposeA },
    { name: "transpose_b", type: TF_ATTR_BOOL, value: attrs.transposeB },
    typeAttribute(backend, "T", "float32"),
  ];
  return backend.executeSingleOutput("MatMul", attributes, [a, b]);
}

type CrossEntropy = KernelArgs<{ logits: tf.Tensor; labels: tf.Tensor }>;

/** Loss and gradient at once, without a one-hot matrix. */
export function sparseSoftmaxCrossEntropy({ inputs: { logits, labels }, backend }: CrossEntropy): tf.Tensor[] {
  const attributes = [typeAttribute(backend, "T", "float32"), typeAttribute(backend, "Tlabels", "int32")];
  return backend.executeMultipleOutputs("SparseSoftmaxCrossEntropyWithLogits", attributes, [logits, labels], 2);
}

type EmbeddingGrad = KernelArgs<{ dy: tf.Tensor2D; ids: tf.Tensor1D }, { numEmbeddings: number }>;

/** Sums rows where they belong: 28 times faster than the product with a one-hot matrix at GPT-2's vocabulary. */
export function embeddingGrad({ inputs: { dy, ids }, attrs }: EmbeddingGrad): tf.Tensor {
  return tf.unsortedSegmentSum(dy, ids, attrs.numEmbeddings);
}

type Dropout = KernelArgs<{ x: tf.Tensor; seed: tf.Tensor }, { rate: number; site: number }>;

/** Masks from TensorFlow's counter-based generator, whose key is the seed and the site. */
export function dropout({ inputs: { x, seed }, attrs: { rate, site }, backend }: Dropout): tf.Tensor {
  return tf.tidy(() => {
    const key = tf.stack([seed, tf.scalar(site, "int32")]);
    const attributes = [
      typeAttribute(backend, "dtype", "float32"),
      typeAttribute(backend, "T", "int32"),
      typeAttribute(backend, "Tseed", "int32"),
    ];
    const shape = tf.tensor1d(x.shape, "int32");
    const uniform = backend.executeSingleOutput("StatelessRandomUniform", attributes, [shape, key]);
    return x.mul(uniform.greaterEqual(rate).cast("float32")).mul(1 / (1 - rate));
  });
}

function typeAttribute(backend: NativeBackend, name: string, dtype: tf.DataType): OpAttribute {
  return { name, type: backend.binding.TF_ATTR_TYPE, value: backend.getDTypeInteger(dtype) };
}
