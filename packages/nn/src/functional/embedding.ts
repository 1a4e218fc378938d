import * as tf from "@tensorflow/tfjs";
import { ArgumentError } from "../errors.ts";
import { hasKernel, KERNELS, runKernel } from "../kernels.ts";
import { customGrad } from "./custom-grad.ts";

/**
 * Rows of `weight` by index, as `F.embedding`.
 *
 * @param ids int32 [...]
 * @param weight [numEmbeddings, dim]
 * @returns [..., dim]
 * @throws ArgumentError where ids are not int32.
 */
export function embedding(ids: tf.Tensor1D, weight: tf.Tensor): tf.Tensor2D;
export function embedding(ids: tf.Tensor2D, weight: tf.Tensor): tf.Tensor3D;
export function embedding(ids: tf.Tensor, weight: tf.Tensor): tf.Tensor;
export function embedding(ids: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  if (ids.dtype !== "int32") throw new ArgumentError(`Embedding expects int32 ids, got ${ids.dtype}.`);
  const [numEmbeddings, dim] = weight.shape as [number, number];
  const flat = ids.reshape([-1]) as tf.Tensor1D;
  const rows = customGrad(
    [weight],
    () => ({ value: tf.gather(weight, flat), saved: [flat] }),
    (dy, [flat]) => [embeddingGrad(dy, flat as tf.Tensor1D, numEmbeddings)],
  );
  return rows.reshape([...ids.shape, dim]);
}

/** Rows of dy summed by id: [n, dim] → [numEmbeddings, dim]. */
function embeddingGrad(dy: tf.Tensor, ids: tf.Tensor1D, numEmbeddings: number): tf.Tensor {
  if (hasKernel(KERNELS.embeddingGrad)) return runKernel(KERNELS.embeddingGrad, { dy, ids }, { numEmbeddings });
  // A product with the one-hot matrix: tfjs's own segment sum is a loop over all rows on cpu, and missing on WASM.
  // Cast afterwards: WASM's oneHot fills a float32 tensor with the bits of int32 values.
  return tf.matMul(tf.oneHot(ids, numEmbeddings).cast("float32"), dy, true, false);
}
