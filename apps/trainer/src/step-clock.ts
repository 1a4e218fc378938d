/** Foretells how long a run takes, by its steps after the first: in that one graphs are recorded and compiled. */
export class StepClock {
  #begun = Number.NaN;
  #timedSteps = -1;

  /** An event of the run, a step's end or another, at `now` in milliseconds. The first evaluation records graphs, too. */
  hear(isStep: boolean, now: number): void {
    if (isStep) this.#timedSteps += 1;
    if (this.#timedSteps < 1) this.#begun = now;
  }

  /** Seconds that so many steps will take; undefined after the first alone, which tells nothing of the others. */
  secondsFor(steps: number, now: number): number | undefined {
    return this.#timedSteps < 1 ? undefined : ((now - this.#begun) / this.#timedSteps / 1000) * steps;
  }
}
