import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect } from "vitest";
import { findInstallation } from "../packages/backend/src/native/installation.ts";
import { locateTfjsNode } from "../packages/backend/src/native/tfjs-node.ts";
import { useBackend } from "../packages/backend/src/node/use-backend.ts";

/** The backends that tests run on. `cpu` is the reference. */
export type TestBackend = "cpu" | "wasm" | "native";

function isAvailable(name: TestBackend): boolean {
  if (name !== "native") return true;
  const tfjsNode = locateTfjsNode();
  return tfjsNode !== undefined && findInstallation(tfjsNode) !== undefined;
}

/**
 * Makes a backend the current one for the tests that follow.
 *
 * @returns false where native TensorFlow is not set up; a backend that is there and does not start is an error.
 */
export async function useTestBackend(name: TestBackend): Promise<boolean> {
  if (!isAvailable(name)) return false;
  await useBackend(name);
  return true;
}

/** Runs a describe block once per backend; native is skipped, and says so, where it is not set up. */
export function onBackends(
  tests: (backend: TestBackend) => void,
  backends: readonly TestBackend[] = ["cpu", "wasm", "native"],
): void {
  for (const name of backends) {
    const available = isAvailable(name);
    const remark = available ? "" : " (skipped: run `pnpm start backend setup`)";
    describe.skipIf(!available)(`on ${name}${remark}`, () => {
      beforeAll(async () => {
        await useTestBackend(name);
      });
      tests(name);
    });
  }
}

/** Runs a function that should dispose of all it makes. */
export async function expectNoTensorLeak(fn: () => void | Promise<void>): Promise<void> {
  const before = tf.memory().numTensors;
  await fn();
  expect(tf.memory().numTensors - before, "tensors left over").toBe(0);
}

/** Expects equal shapes, and every value within an absolute tolerance. */
export function closeTo(
  actual: tf.Tensor | ArrayLike<number>,
  expected: tf.Tensor | ArrayLike<number>,
  tolerance = 1e-5,
): void {
  if (actual instanceof tf.Tensor && expected instanceof tf.Tensor) expect(actual.shape).toEqual(expected.shape);
  const got = valuesOf(actual);
  const want = valuesOf(expected);
  expect(got.length).toBe(want.length);
  const worst = { index: -1, difference: 0 };
  want.forEach((value, index) => {
    const difference = Math.abs((got[index] ?? Number.NaN) - value);
    const isNew = difference > worst.difference || (Number.isNaN(difference) && !Number.isNaN(worst.difference));
    if (value !== got[index] && isNew) Object.assign(worst, { index, difference }); // a NaN is the worst, and stays it
  });
  const { index, difference } = worst;
  expect(difference, `value ${index}: got ${got[index]}, want ${want[index]}`).toBeLessThanOrEqual(tolerance);
}

function valuesOf(values: tf.Tensor | ArrayLike<number>): number[] {
  return Array.from(values instanceof tf.Tensor ? values.dataSync() : values);
}

export interface GradientCheck {
  /** How far each value moves, about. */
  readonly step?: number;
  /** Largest relative difference. */
  readonly tolerance?: number;
}

/**
 * Compares TensorFlow.js's gradient of a function with finite differences along directions: for every input one along
 * its gradient and two random ones, all float32. An output of any shape is turned into a number by fixed random weights.
 */
export function checkGradient(
  fn: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  { step = 1e-2, tolerance = 1e-2 }: GradientCheck = {},
): void {
  tf.tidy(() => {
    const random = normals(1);
    const y = fn(...inputs);
    const weights = tf.tensor(random(y.size), y.shape);
    const gradients = tf.grads((...x: tf.Tensor[]) =>
      fn(...x)
        .mul(weights)
        .sum(),
    )([...inputs]);
    // The products are summed in float64: their float32 sum would drown the difference.
    const value = (x: readonly tf.Tensor[]): number => dot(valuesOf(fn(...x)), valuesOf(weights));
    const noise = 1e-6 * Math.hypot(...valuesOf(y.mul(weights)));

    inputs.forEach((input, i) => {
      const gradient = valuesOf(gradients[i] as tf.Tensor);
      const length = Math.hypot(...gradient);
      const along = gradient.map((g) => (length === 0 ? 0 : (g / length) * Math.sqrt(input.size)));
      for (const direction of [along, random(input.size), random(input.size)]) {
        const moved = (h: number): tf.Tensor[] =>
          inputs.map((x, j) => (i === j ? x.add(tf.tensor(direction, x.shape).mul(h)) : x));
        const numeric = (value(moved(step)) - value(moved(-step))) / (2 * step);
        const analytic = dot(gradient, direction);
        const scale = Math.max(Math.abs(numeric), Math.abs(analytic), length / 10);
        const message = `input ${i}: finite difference ${numeric}, gradient ${analytic}`;
        expect(Math.abs(numeric - analytic), message).toBeLessThanOrEqual(tolerance * scale + noise / step);
      }
    });
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

/** Normally distributed numbers, always the same ones (mulberry32, Box-Muller). */
function normals(seed: number): (count: number) => number[] {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return (count) =>
    Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
}
