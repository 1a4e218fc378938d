import { expect, it } from "vitest";
import { StepClock } from "./step-clock.ts";

it("leaves the first step and its evaluation out of what the others will take", () => {
  const clock = new StepClock();
  clock.hear(false, 0);
  clock.hear(true, 60_000); // recorded and compiled
  expect(clock.secondsFor(9, 60_000)).toBeUndefined();
  clock.hear(false, 80_000); // so was the evaluation
  clock.hear(true, 82_000);
  expect(clock.secondsFor(8, 82_000)).toBe(16);
  clock.hear(false, 85_000); // later evaluations come again
  clock.hear(true, 87_000);
  expect(clock.secondsFor(8, 87_000)).toBe(28);
});
