import type { Batch } from "@scratch-llm/dataloader";
import type { Accuracies } from "@scratch-llm/finetune-classifier";
import type { Losses, TrainEvent, TrainSettings, TrainState } from "@scratch-llm/pretrain";
import * as tf from "@tensorflow/tfjs";
import type { RunEvent, RunState } from "../protocol.ts";
import type { Asked } from "../serve.ts";

/** What a part of a run is given: where it begins, where it ends, and what it may be stopped by. */
export type PartOptions = Required<Pick<TrainSettings<Batch, Losses>, "maxSteps" | "signal" | "saveCheckpoint">> & {
  readonly resume?: TrainState;
};

/** Any training as the packages stream it. */
export type TrainingEvents = AsyncGenerator<TrainEvent<Losses, Accuracies>, void, void>;

/**
 * A training in parts. A pause is the end of one part, and the next one goes on from its state, just as a run goes on from
 * a checkpoint: so pausing changes no number.
 */
export class Loop {
  readonly name: string;
  readonly totalSteps: number;
  readonly #part: (options: PartOptions) => TrainingEvents;
  #state: TrainState | undefined;
  #reason: RunState["reason"] = "ready";
  #current: Promise<unknown> = Promise.resolve();

  constructor(name: string, totalSteps: number, part: (options: PartOptions) => TrainingEvents, state?: TrainState) {
    this.name = name;
    this.totalSteps = totalSteps;
    this.#part = part;
    this.#state = state;
  }

  /** Where the training stands; undefined before its first step. */
  get state(): TrainState | undefined {
    return this.#state;
  }

  /** What the page is told of it. */
  get progress(): RunState {
    return { run: this.name, step: this.#state?.step ?? 0, totalSteps: this.totalSteps, reason: this.#reason };
  }

  /** Trains so many steps, or to the end; parts come one after the other. */
  train(steps: number = Number.POSITIVE_INFINITY, asked: Asked<"train">): Promise<RunState> {
    const part = this.#current.then(() => this.#run(steps, asked));
    this.#current = part.catch(() => {});
    return part;
  }

  async #run(steps: number, { signal, emit }: Asked<"train">): Promise<RunState> {
    const { step } = this.progress;
    const maxSteps = Math.min(this.totalSteps, step + steps);
    if (step >= maxSteps || signal.aborted) return this.progress;
    const saveCheckpoint = async (state: TrainState): Promise<string> => {
      this.#state = state;
      return "";
    };
    const part = this.#part({ maxSteps, signal, saveCheckpoint, ...(this.#state && { resume: this.#state }) });
    for await (const event of part) this.#tell(event, emit);
    return this.progress;
  }

  #tell(event: TrainEvent<Losses, Accuracies>, emit: (event: RunEvent) => void): void {
    if (event.type === "done") this.#reason = event.reason;
    if (event.type === "done" || event.type === "start" || event.type === "checkpoint") return;
    emit(event);
    if (event.type !== "step") return;
    const { numTensors, numBytes: memBytes } = tf.memory();
    emit({ type: "memory", step: event.step, numTensors, memBytes });
  }
}
