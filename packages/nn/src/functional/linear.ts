import type * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../errors.ts";
import { matMulTransposed } from "./mat-mul.ts";

/**
 * x · weightᵀ + bias, as `F.linear`.
 *
 * @param x [..., in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [..., out]
 * @throws ShapeError where x's last axis is not `in`.
 */
export function linear<T extends tf.Tensor>(x: T, weight: tf.Tensor, bias?: tf.Tensor): T {
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  if (x.shape.at(-1) !== inFeatures) {
    throw new ShapeError(`Linear expects an input of shape [..., ${inFeatures}], got [${x.shape.join(", ")}].`);
  }
  // Folded to two axes: the gradient of tf.matMul is wrong where it broadcasts a matrix over a batch.
  const product = matMulTransposed(x.reshape([-1, inFeatures]), weight); // (rows, out)
  const result = bias ? product.add(bias) : product;
  return result.reshape([...x.shape.slice(0, -1), outFeatures]) as T;
}
