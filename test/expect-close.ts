import type * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";

/** Numbers, possibly nested. */
export type Nested = number | readonly Nested[];

/**
 * Fails unless every number of `actual` is within `absolute + relative · |expected|` of its counterpart; the message
 * names the worst one.
 */
export function expectClose(
  actual: tf.Tensor | ArrayLike<number>,
  expected: Nested | ArrayLike<number>,
  { absolute = 1e-6, relative = 0 }: { absolute?: number; relative?: number } = {},
): void {
  const got = "dataSync" in actual ? actual.dataSync() : actual;
  const want = Array.isArray(expected) ? (expected.flat(Infinity) as number[]) : toList(expected);
  expect(got.length, "number of values").toBe(want.length);
  let worst = { excess: Number.NEGATIVE_INFINITY, message: "" };
  for (let i = 0; i < want.length; i++) {
    const [a, e] = [got[i] ?? Number.NaN, want[i] ?? Number.NaN];
    const excess = Math.abs(a - e) - (absolute + relative * Math.abs(e));
    if (!(excess <= worst.excess)) worst = { excess, message: `value ${i} is ${a}, expected ${e}` };
    if (Number.isNaN(excess)) break;
  }
  expect(worst.excess, worst.message).toBeLessThanOrEqual(0);
}

/** The tolerance of a number printed with four decimals. */
export const FOUR_DECIMALS = { absolute: 5e-5 + 1e-6 } as const;

function toList(values: Nested | ArrayLike<number>): ArrayLike<number> {
  return typeof values === "number" ? [values] : (values as ArrayLike<number>);
}
