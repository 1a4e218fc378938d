import type { LoaderCursor } from "@scratch-llm/dataloader";
import type { Losses } from "./losses.ts";

/** The run begins. Applications add what only they know: seed, memory, expected time. */
export interface StartEvent {
  readonly type: "start";
  readonly params: number;
  readonly backend: string;
  readonly precision: "float32";
  /** Steps done before, in a resumed run. */
  readonly step: number;
  /** Steps at the end of the run; Infinity where only time ends it. */
  readonly totalSteps: number;
}

/** A step is done. Steps count from 0, as in the book. */
export interface StepEvent {
  readonly type: "step";
  readonly step: number;
  /** Epochs done, with fractions. */
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  /** Norm of all gradients before clipping; absent with `trackGradNorm: false`. */
  readonly gradNorm?: number;
  readonly tokensSeen: number;
  /** Since the last such event, evaluation and samples not counted. */
  readonly tokensPerSecond: number;
}

/** The losses without dropout after a step, and whatever else the run's own evaluation finds. */
export type EvalEvent<E extends Losses = Losses> = E & {
  readonly type: "eval";
  readonly step: number;
  readonly epoch: number;
  readonly tokensSeen: number;
};

/** What the run's own look at an epoch finds after its last step. */
export type EpochEvent<P extends object> = P & {
  readonly type: "epoch";
  readonly step: number;
  readonly epoch: number;
};

/** What the model writes after a step. */
export interface SampleEvent {
  readonly type: "sample";
  readonly step: number;
  readonly text: string;
}

/** A checkpoint has been saved; `step` steps were done by then. */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly step: number;
  readonly path: string;
}

/** Why a run ended. */
export type StopReason = "epochs" | "maxSteps" | "maxTime" | "aborted";

/** The run is over. */
export interface DoneEvent {
  readonly type: "done";
  readonly reason: StopReason;
  readonly step: number;
  readonly epoch: number;
  readonly tokensSeen: number;
}

/** What `trainModel` yields; `epoch` events only where the run looks at its epochs. */
export type TrainEvent<E extends Losses = Losses, P extends object = never> =
  | StartEvent
  | StepEvent
  | EvalEvent<E>
  | EpochEvent<P>
  | SampleEvent
  | CheckpointEvent
  | DoneEvent;

/** Where a run stands after a whole number of steps: plain JSON, and all that the loop itself needs to go on. */
export interface TrainState {
  /** Steps done, and so the number of the next one. */
  readonly step: number;
  /** Epochs done before the current one. */
  readonly epoch: number;
  readonly tokensSeen: number;
  /** Where the current pass over the training loader stands; null between two epochs. */
  readonly cursor: LoaderCursor | null;
}
