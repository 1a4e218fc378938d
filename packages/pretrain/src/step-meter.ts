import * as tf from "@tensorflow/tfjs";
import { NonFiniteLossError } from "./errors.ts";
import type { StepEvent } from "./train-events.ts";
import type { StepResult } from "./train-step.ts";

/** A step whose loss has not been read yet. */
export interface PendingStep extends StepResult {
  readonly step: number;
  readonly lr: number;
  readonly tokens: number;
  /** When it began, on `performance.now()`'s clock. */
  readonly started: number;
}

/** The part of a step event that is measured. */
export type Measured = Pick<StepEvent, "step" | "loss" | "lr" | "gradNorm" | "tokensPerSecond">;

/** Holds steps until their losses are read, many at once, and watches over losses and speed. */
export class StepMeter {
  #pending: PendingStep[] = [];
  #last: Omit<Measured, "tokensPerSecond"> | undefined;
  #tokens = 0;
  #milliseconds = 0;

  /** Takes over a step's tensors. */
  add(step: PendingStep): void {
    this.#pending.push(step);
    this.#tokens += step.tokens;
    this.#milliseconds += performance.now() - step.started;
  }

  /** Waits for the steps under way. @throws {NonFiniteLossError} */
  async settle(): Promise<void> {
    const steps = this.#pending;
    const last = steps.at(-1);
    if (!last) return;
    this.#pending = [];
    const waiting = performance.now();
    const values = await readScalars([...steps.map(({ loss }) => loss), ...(last.gradNorm ? [last.gradNorm] : [])]);
    tf.dispose(steps.map(({ loss, gradNorm }) => (gradNorm ? [loss, gradNorm] : [loss])));
    this.#milliseconds += performance.now() - waiting;
    for (const [i, { step }] of steps.entries()) {
      const loss = values[i] ?? Number.NaN;
      if (!Number.isFinite(loss)) throw new NonFiniteLossError(step, loss);
    }
    const gradNorm = values[steps.length];
    this.#last = {
      step: last.step,
      loss: values[steps.length - 1] ?? Number.NaN,
      lr: last.lr,
      ...(gradNorm === undefined ? {} : { gradNorm }),
    };
  }

  /** The latest step, with the speed since the last call. @throws {NonFiniteLossError} */
  async read(): Promise<Measured | undefined> {
    await this.settle();
    const tokensPerSecond = (1000 * this.#tokens) / this.#milliseconds;
    this.#tokens = 0;
    this.#milliseconds = 0;
    return this.#last && { ...this.#last, tokensPerSecond };
  }

  dispose(): void {
    tf.dispose(this.#pending.map(({ loss, gradNorm }) => (gradNorm ? [loss, gradNorm] : [loss])));
    this.#pending = [];
  }
}

async function readScalars(scalars: tf.Scalar[]): Promise<Float32Array> {
  const stacked = tf.stack(scalars);
  const values = await stacked.data<"float32">();
  stacked.dispose();
  return values;
}
