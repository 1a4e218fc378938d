import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../errors.ts";
import { hasKernel, RECORDING_KERNELS, runKernel } from "../kernels.ts";

/** Where {@link writeSlice} writes. */
export interface WriteSliceOptions {
  readonly axis: number;
  /** Index along the axis of the first element written, int32 scalar. */
  readonly start: tf.Tensor;
}

/**
 * Writes `part` into a variable, as `variable[:, start : start + n] = part`; a compiled function does it in place.
 *
 * @param part the variable's shape, but for the axis
 * @throws ShapeError where the slice reaches beyond the variable; a compiled function does not look.
 */
export function writeSlice(variable: tf.Variable, part: tf.Tensor, { axis, start }: WriteSliceOptions): void {
  tf.tidy(() => {
    const inputs = { whole: variable, part, start };
    const next = hasKernel(RECORDING_KERNELS.sliceUpdate)
      ? runKernel<tf.Tensor>(RECORDING_KERNELS.sliceUpdate, inputs, { axis })
      : joined(variable, part, { axis, at: start.dataSync()[0] as number });
    variable.assign(next);
  });
}

/** The whole, cut in two, with the part between. */
function joined(whole: tf.Tensor, part: tf.Tensor, { axis, at }: { axis: number; at: number }): tf.Tensor {
  const size = whole.shape[axis] as number;
  const end = at + (part.shape[axis] as number);
  if (at < 0 || end > size) throw new ShapeError(`Positions ${at} to ${end} are not all within the ${size} there are.`);
  const cut = (from: number, to: number): tf.Tensor => {
    const begin = whole.shape.map((_, i) => (i === axis ? from : 0));
    return tf.slice(
      whole,
      begin,
      whole.shape.map((size, i) => (i === axis ? to - from : size)),
    );
  };
  return tf.concat([cut(0, at), part, cut(end, size)], axis);
}
