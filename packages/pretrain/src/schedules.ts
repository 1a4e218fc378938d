/** The learning rate of each step, counted from 0. Pure, so that a resumed run goes on with the same rates. */
export type Schedule = (step: number) => number;

/** The same rate throughout, as in chapter 5. */
export function constantRate(lr: number): Schedule {
  return () => lr;
}

/** Settings of {@link linearWarmup}. */
export interface WarmupOptions {
  readonly peakLr: number;
  /** Rate of step 0 (the book's default is 3e-5). */
  readonly initialLr: number;
  /** Step at which `peakLr` is reached; 0 means at once. */
  readonly warmupSteps: number;
}

/** From `initialLr` up to `peakLr` in equal steps, then constant (D.1). */
export function linearWarmup({ peakLr, initialLr, warmupSteps }: WarmupOptions): Schedule {
  const increment = (peakLr - initialLr) / warmupSteps;
  return (step) => (step < warmupSteps ? initialLr + step * increment : peakLr);
}

/** Settings of {@link warmupCosine}. */
export interface WarmupCosineOptions extends WarmupOptions {
  /** Rate at the end (the book's default is 1e-6). */
  readonly minLr: number;
  /** Steps of the whole run, warmup included. */
  readonly totalSteps: number;
}

/**
 * Linear warmup, then half a cosine from `peakLr` down to `minLr` (D.2). Steps beyond `totalSteps` stay at `minLr`.
 *
 * @example
 * ```ts
 * const schedule = warmupCosine({ peakLr: 1e-3, initialLr: 3e-5, minLr: 1e-6, warmupSteps: 27, totalSteps: 135 });
 * [schedule(0), schedule(27), schedule(135)]; // 3e-5, 1e-3, 1e-6
 * ```
 */
export function warmupCosine({ minLr, totalSteps, ...warmup }: WarmupCosineOptions): Schedule {
  const { peakLr, warmupSteps } = warmup;
  const rise = linearWarmup(warmup);
  return (step) => {
    if (step < warmupSteps) return rise(step);
    if (step >= totalSteps) return minLr;
    const progress = (step - warmupSteps) / (totalSteps - warmupSteps);
    return minLr + (peakLr - minLr) * 0.5 * (1 + Math.cos(Math.PI * progress));
  };
}
