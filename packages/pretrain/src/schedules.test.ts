import { describe, expect, it } from "vitest";
import { constantRate, linearWarmup, warmupCosine } from "./schedules.ts";

const settings = { peakLr: 1e-3, initialLr: 3e-5, minLr: 1e-6, warmupSteps: 27, totalSteps: 135 };

describe("learning-rate schedules", () => {
  it("stay constant", () => {
    expect([0, 1, 10_000].map(constantRate(4e-4))).toEqual([4e-4, 4e-4, 4e-4]);
  });

  it("rise in equal steps and then stay at the peak", () => {
    const schedule = linearWarmup({ peakLr: 0.01, initialLr: 0.0001, warmupSteps: 3 });
    for (const [step, lr] of [
      [0, 0.0001],
      [1, 0.0034],
      [2, 0.0067],
      [3, 0.01],
      [99, 0.01],
    ] as const) {
      expect(schedule(step)).toBeCloseTo(lr, 12);
    }
  });

  it("fall along half a cosine to the minimum, and stay there", () => {
    const schedule = warmupCosine(settings);
    expect(schedule(0)).toBe(3e-5);
    expect(schedule(27)).toBeCloseTo(1e-3, 15);
    expect(schedule(81)).toBeCloseTo((1e-3 + 1e-6) / 2, 15); // half-way
    expect(schedule(54)).toBeCloseTo(1e-6 + (1e-3 - 1e-6) * (0.5 + Math.SQRT1_2 / 2), 15); // a quarter
    expect(schedule(135)).toBe(1e-6);
    expect(schedule(1000)).toBe(1e-6);
  });

  it("need no warmup", () => {
    const schedule = warmupCosine({ ...settings, warmupSteps: 0 });
    expect(schedule(0)).toBeCloseTo(1e-3, 15);
    for (let step = 1; step <= 135; step++) expect(schedule(step)).toBeLessThan(schedule(step - 1));
  });
});
