import { EngineFault } from "../fault.ts";
import type { RunState } from "../protocol.ts";
import type { Asked } from "../serve.ts";
import { ClassifierRun } from "../tuning/classifier-run.ts";
import { InstructRun } from "../tuning/instruct-run.ts";
import { PretrainingRun } from "./pretraining-run.ts";
import type { Measured } from "./run-folder.ts";

type Run = PretrainingRun | ClassifierRun | InstructRun;

/** A run and what was measured in it. */
interface Entry {
  readonly run: Run;
  readonly history: Measured[];
  /** Parts that are under way, to be aborted when the run ends. */
  readonly stop: AbortController;
  training: Promise<unknown>;
}

/** The runs by the page's names for them. */
export class Runs {
  readonly #entries: Map<string, Entry> = new Map();

  /** Puts a run under a name; one that had it ends. */
  put(name: string, run: Run, history: readonly Measured[] = []): void {
    const former = this.#entries.get(name);
    this.#entries.set(name, { run, history: [...history], stop: new AbortController(), training: Promise.resolve() });
    if (former) void finish(former);
  }

  async train(name: string, steps: number | undefined, { signal, emit }: Asked<"train">): Promise<RunState> {
    const entry = this.#entry(name);
    const both = AbortSignal.any([signal, entry.stop.signal]);
    const part = entry.run.loop.train(steps, {
      signal: both,
      emit(event) {
        if (event.type === "step" || event.type === "eval") entry.history.push(event);
        emit(event);
      },
    });
    entry.training = part.catch(() => {});
    return part;
  }

  /** Ends a run after the step under way. */
  async end(name: string): Promise<void> {
    const entry = this.#entry(name);
    this.#entries.delete(name);
    await finish(entry);
  }

  history(name: string): readonly Measured[] {
    return this.#entry(name).history;
  }

  /** What the run has learned up to now. @throws EngineFault `NOT_TUNED` for a classifier, which writes nothing */
  get(name: string): Pick<PretrainingRun["trainee"], "model"> & Pick<PretrainingRun["plan"], "tokenizer"> {
    const { run } = this.#entry(name);
    if (run instanceof PretrainingRun) return { model: run.trainee.model, tokenizer: run.plan.tokenizer };
    throw new EngineFault(
      "NOT_TUNED",
      `${name} is a fine-tuning; only what was trained from the start can be taken over.`,
    );
  }

  pretraining(name: string): PretrainingRun {
    return this.#as(name, PretrainingRun, "a training from the start");
  }

  classifier(name: string): ClassifierRun {
    return this.#as(name, ClassifierRun, "a classifier");
  }

  instruct(name: string): InstructRun {
    return this.#as(name, InstructRun, "a tuning on instructions");
  }

  #as<R extends Run>(name: string, kind: abstract new (...args: never[]) => R, what: string): R {
    const { run } = this.#entry(name);
    if (run instanceof kind) return run;
    throw new EngineFault("NOT_TUNED", `The run "${name}" is not ${what}.`);
  }

  /** @throws EngineFault `RUN_UNKNOWN` */
  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new EngineFault("RUN_UNKNOWN", `There is no run "${name}"; begin it first.`);
  }
}

async function finish({ run, stop, training }: Entry): Promise<void> {
  stop.abort();
  await training;
  run.dispose();
}
