import * as tf from "@tensorflow/tfjs";
import type { TokenWindow } from "./gpt-dataset-v1.ts";

/** What the model is trained on in one go. Both are int32 (b, t); whoever takes a batch from a loader disposes it. */
export interface Batch {
  readonly inputs: tf.Tensor2D;
  readonly targets: tf.Tensor2D;
}

/** Stacks windows of equal length into one batch: row `i` is window `i`. */
export function stackWindows(windows: readonly TokenWindow[]): Batch {
  return {
    inputs: stackRows(windows.map((window) => window.input)),
    targets: stackRows(windows.map((window) => window.target)),
  };
}

/** Rows of equal length as one tensor: int32 (rows, length). */
export function stackRows(rows: readonly Int32Array[]): tf.Tensor2D {
  const width = rows[0]?.length ?? 0;
  const values = new Int32Array(rows.length * width);
  rows.forEach((row, i) => values.set(row, i * width));
  return tf.tensor2d(values, [rows.length, width], "int32");
}
