import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
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
  /** The newest first. */
  readonly samples: readonly SampleEvent[];
}

/** {@link History} as it grows. */
type Log = { readonly [K in keyof History]: History[K][number][] };

const nothing = (): Log => ({ steps: [], evals: [], epochs: [], samples: [] });

/** Curves need no more than four pictures a second. */
const SHOW_EVERY_MS = 250;

/** A training in the engine as the page follows it: start, pause, one step, and all that it tells. */
export class Run {
  readonly name: string;
  readonly state: Signal<RunState | undefined> = signal(undefined);
  /** The last step. */
  readonly latest: Signal<StepEvent | undefined> = signal(undefined);
  /** Told four times a second at most. Its lists grow in place: who wants to keep them takes a copy. */
  readonly history: Signal<History> = signal(nothing());
  readonly memory: Signal<MemoryEvent | undefined> = signal(undefined);
  /** Of what prepares it. */
  readonly progress: Signal<Progress | undefined> = signal(undefined);
  readonly error: Signal<Error | undefined> = signal(undefined);
  readonly busy: Signal<boolean> = signal(false);
  /** Whether it was asked to pause since it was last busy. */
  readonly pausing: Signal<boolean> = signal(false);
  readonly finished: ReadonlySignal<boolean> = computed(
    () => this.state.value !== undefined && this.state.value.step >= this.state.value.totalSteps,
  );
  #pause = new AbortController();
  #log: Log = nothing();
  #toShow: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string) {
    this.name = name;
    // The browser asks before it leaves the page: what is being learned would be lost.
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    effect(() => {
      if (!this.busy.value) return;
      globalThis.addEventListener("beforeunload", ask);
      return () => globalThis.removeEventListener("beforeunload", ask);
    });
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
    const steps = measured.filter((event) => event.type === "step");
    this.#log = { ...nothing(), steps, evals: measured.filter((event) => event.type === "eval") };
    this.latest.value = steps.at(-1);
    this.#show();
  }

  /** Trains to the end, or so many steps. */
  async train(steps?: number): Promise<void> {
    await this.#guarded(async () => {
      const question = { run: this.name, ...(steps !== undefined && { steps }) };
      for await (const item of engine.stream("train", question, { signal: this.#pause.signal })) {
        if (item.type === "done") this.state.value = { ...this.state.peek(), ...item.result };
        else this.#take(item);
      }
    });
  }

  /** Stops after the step under way; while the run is prepared, before its first step. */
  pause(): void {
    this.pausing.value = true;
    this.#pause.abort();
  }

  #take(event: StepEvent | EvalEvent | SampleEvent | EpochEvent<Accuracies> | MemoryEvent): void {
    const state = this.state.peek();
    if (event.type === "memory") this.memory.value = event;
    if (event.type === "eval") this.#log.evals.push(event);
    if (event.type === "epoch") this.#log.epochs.push(event);
    if (event.type === "sample") this.#log.samples.unshift(event);
    if (event.type === "step") {
      this.#log.steps.push(event);
      this.latest.value = event;
      if (state) this.state.value = { ...state, step: event.step + 1 };
    }
    this.#toShow ??= setTimeout(() => this.#show(), SHOW_EVERY_MS);
  }

  #show(): void {
    clearTimeout(this.#toShow);
    this.#toShow = undefined;
    this.history.value = { ...this.#log };
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.#pause = new AbortController();
    this.pausing.value = false;
    this.error.value = undefined;
    this.busy.value = true;
    try {
      return await work();
    } catch (error) {
      this.error.value = asError(error);
      return undefined;
    } finally {
      this.busy.value = false;
      this.#show();
    }
  }
}
