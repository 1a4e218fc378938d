import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { EpochEvent, EvalEvent, SampleEvent, StepEvent } from "@scratch-llm/pretrain";
import type { Accuracies } from "@scratch-llm/finetune-classifier";
import type { MemoryEvent, Progress, RunState } from "../engine/protocol.ts";
import { asError } from "./as-error.ts";
import { engine } from "./engine.ts";

/** What was measured in a training. */
export interface History {
  readonly steps: readonly StepEvent[];
  readonly evals: readonly EvalEvent[];
  readonly epochs: readonly EpochEvent<Accuracies>[];
  readonly samples: readonly SampleEvent[];
}

const NOTHING: History = { steps: [], evals: [], epochs: [], samples: [] };

/** A training in the engine as the page follows it: start, pause, one step, and all that it tells. */
export class Run {
  readonly name: string;
  readonly state: Signal<RunState | undefined> = signal(undefined);
  readonly history: Signal<History> = signal(NOTHING);
  readonly memory: Signal<MemoryEvent | undefined> = signal(undefined);
  /** Of what prepares it. */
  readonly progress: Signal<Progress | undefined> = signal(undefined);
  readonly error: Signal<Error | undefined> = signal(undefined);
  readonly busy: Signal<boolean> = signal(false);
  readonly finished: ReadonlySignal<boolean> = computed(
    () => this.state.value !== undefined && this.state.value.step >= this.state.value.totalSteps,
  );
  #pause = new AbortController();

  constructor(name: string) {
    this.name = name;
  }

  /** Follows what prepares the run in the engine, and begins its history anew. @returns what the engine answers */
  async prepare<T extends RunState>(
    how: AsyncIterable<Progress | { readonly type: "done"; readonly result: T }>,
  ): Promise<T | undefined> {
    const info = await this.#guarded(async () => {
      let result: T | undefined;
      for await (const item of how) {
        if (item.type === "progress") this.progress.value = item;
        else result = item.result;
      }
      return result;
    });
    this.progress.value = undefined;
    if (!info) return;
    this.state.value = info;
    this.remember([]);
    return info;
  }

  /** Forgets the run, here and in the engine. */
  async reset(): Promise<void> {
    this.state.value = undefined;
    this.error.value = undefined;
    this.remember([]);
    await engine.call("endRun", { run: this.name }).catch(() => {}); // there may be none
  }

  /** Takes over what was measured before, in place of what is known. */
  remember(measured: readonly (StepEvent | EvalEvent)[]): void {
    this.history.value = {
      ...NOTHING,
      steps: measured.filter((event) => event.type === "step"),
      evals: measured.filter((event) => event.type === "eval"),
    };
  }

  /** Trains to the end, or so many steps. */
  async train(steps?: number): Promise<void> {
    this.#pause = new AbortController();
    await this.#guarded(async () => {
      const question = { run: this.name, ...(steps !== undefined && { steps }) };
      for await (const item of engine.stream("train", question, { signal: this.#pause.signal })) {
        if (item.type === "done") this.state.value = { ...this.state.peek(), ...item.result };
        else this.#take(item);
      }
    });
  }

  /** Stops after the step under way. */
  pause(): void {
    this.#pause.abort();
  }

  #take(event: StepEvent | EvalEvent | SampleEvent | EpochEvent<Accuracies> | MemoryEvent): void {
    const history = this.history.peek();
    const state = this.state.peek();
    if (event.type === "memory") this.memory.value = event;
    if (event.type === "step" && state) this.state.value = { ...state, step: event.step + 1 };
    if (event.type === "step") this.history.value = { ...history, steps: [...history.steps, event] };
    if (event.type === "eval") this.history.value = { ...history, evals: [...history.evals, event] };
    if (event.type === "epoch") this.history.value = { ...history, epochs: [...history.epochs, event] };
    if (event.type === "sample") this.history.value = { ...history, samples: [event, ...history.samples] };
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.error.value = undefined;
    this.busy.value = true;
    try {
      return await work();
    } catch (error) {
      this.error.value = asError(error);
      return undefined;
    } finally {
      this.busy.value = false;
    }
  }
}
