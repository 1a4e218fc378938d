import { closeTo, expectNoTensorLeak, onBackends } from "@test/backend.ts";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { ShapeError, writeSlice } from "../index.ts";

onBackends(() => {
  const at = (start: number): tf.Tensor => tf.scalar(start, "int32");

  test("writes between what stays, at either end, and all of it", () => {
    const variable = tf.variable(tf.zeros([2, 4]));
    writeSlice(variable, tf.ones([2, 2]), { axis: 1, start: at(1) });
    closeTo(variable, [0, 1, 1, 0, 0, 1, 1, 0]);
    writeSlice(variable, tf.fill([2, 1], 2), { axis: 1, start: at(0) });
    writeSlice(variable, tf.fill([2, 1], 3), { axis: 1, start: at(3) });
    closeTo(variable, [2, 1, 1, 3, 2, 1, 1, 3]);
    writeSlice(variable, tf.fill([2, 4], 4), { axis: 0, start: at(0) });
    closeTo(variable, [4, 4, 4, 4, 4, 4, 4, 4]);
  });

  test("refuses what would reach beyond the end, and leaves no tensor behind", async () => {
    const variable = tf.variable(tf.zeros([3]));
    expect(() => writeSlice(variable, tf.ones([2]), { axis: 0, start: at(2) })).toThrow(ShapeError);
    const [part, start] = [tf.ones([2]), at(1)];
    await expectNoTensorLeak(() => writeSlice(variable, part, { axis: 0, start }));
  });
});
