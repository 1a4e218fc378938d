import { Generator } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";

/**
 * Checks the gradient of `lossFn` in every variable: along a random direction v of length about 1 the slope
 * (f(w + εv) − f(w − εv)) / 2ε must agree with ⟨gradient, v⟩ within `relative` (Richardson-extrapolated from ε and ε/2, as
 * float32 allows no small ε).
 */
export function expectTrueGradients(
  lossFn: () => tf.Scalar,
  variables: ReadonlyMap<string, tf.Variable>,
  { epsilon = 2e-2, relative = 1e-2, absolute = 1e-4 } = {},
): void {
  const { grads } = tf.variableGrads(lossFn, [...variables.values()]);
  const generator = new Generator(123);
  for (const [name, variable] of variables) {
    tf.tidy(() => {
      // Along the gradient plus noise: a random direction alone is nearly orthogonal to it, and its slope nearly 0.
      const gradient = grads[variable.name] as tf.Tensor;
      const noise = tf.tensor(generator.normal(variable.size), variable.shape);
      const unit = (x: tf.Tensor): tf.Tensor => x.div(x.norm().add(1e-12));
      const direction = unit(unit(gradient).add(unit(noise).mul(0.5)));
      const expected = gradient.mul(direction).sum().dataSync()[0] ?? Number.NaN;
      const slope = (step: number): number => centralSlope(lossFn, variable, direction, step);
      const actual = (4 * slope(epsilon / 2) - slope(epsilon)) / 3;
      expect(Math.abs(actual - expected), `${name}: slope ${actual}, gradient says ${expected}`).toBeLessThanOrEqual(
        absolute + relative * Math.abs(expected),
      );
    });
  }
  tf.dispose(grads);
}

function centralSlope(lossFn: () => tf.Scalar, variable: tf.Variable, direction: tf.Tensor, step: number): number {
  const start = variable.clone();
  const lossAt = (offset: number): number => {
    variable.assign(start.add(direction.mul(offset)));
    return lossFn().dataSync()[0] ?? Number.NaN;
  };
  const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
  variable.assign(start);
  return slope;
}
