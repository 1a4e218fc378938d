import { setImmediate } from "node:timers/promises";
import type { GenerateStep, GenerationRow, SlotDecoder } from "@scratch-llm/gpt";
import { ApiError } from "./api-error.ts";

/** What the scheduler tells of its work. */
export interface WorkMeter {
  /** A prompt of so many tokens was read. */
  read(promptTokens: number): void;
  /** So many tokens were written. */
  wrote(tokens: number): void;
}

export interface SchedulerOptions {
  readonly decoder: SlotDecoder;
  /** Most rows that wait for a slot. */
  readonly queueLimit: number;
  readonly meter?: WorkMeter;
}

/** The rows of one request. */
interface Job {
  readonly steps: ReadableStreamDefaultController<GenerateStep>;
  /** Rows that are not finished. */
  open: number;
  ended: boolean;
}

interface WaitingRow {
  readonly row: GenerationRow;
  readonly job: Job;
}

interface RunningRow extends WaitingRow {
  readonly slot: number;
  /** What the model has not read of the prompt. */
  unread: Int32Array;
}

/** Tokens of prompts that one step reads: a long prompt takes some steps, and the other rows advance in each. */
const READ_AT_ONCE = 128;

/**
 * Answers many requests with one model (continuous batching): a row joins as soon as a slot is free and leaves with its
 * last token, and all rows in between advance together. Which rows share a step changes no row's tokens.
 */
export class Scheduler {
  readonly #decoder: SlotDecoder;
  readonly #queueLimit: number;
  readonly #meter: WorkMeter | undefined;
  #waiting: WaitingRow[] = [];
  #running: RunningRow[] = [];
  #loop: Promise<void> | undefined;

  constructor({ decoder, queueLimit, meter }: SchedulerOptions) {
    this.#decoder = decoder;
    this.#queueLimit = queueLimit;
    this.#meter = meter;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get running(): number {
    return this.#running.length;
  }

  /**
   * The steps of a request's rows as they come. They end with the last row, or with an error: the signal's reason, or what
   * the model threw. Cancelling the stream ends the work too.
   * @throws {ApiError} `rate_limit_exceeded` when too many rows wait already
   */
  submit(rows: readonly GenerationRow[], signal: AbortSignal): ReadableStream<GenerateStep> {
    signal.throwIfAborted();
    const free = this.#decoder.maxSlots - this.#running.length;
    if (this.#waiting.length + rows.length > this.#queueLimit + free) {
      throw new ApiError("rate_limit_exceeded", { waiting: this.#waiting.length });
    }
    let job: Job;
    return new ReadableStream<GenerateStep>({
      start: (steps) => {
        job = { steps, open: rows.length, ended: false };
        signal.addEventListener("abort", () => fail(job, signal.reason), { once: true });
        this.#waiting.push(...rows.map((row) => ({ row, job })));
        this.#loop ??= this.#run();
      },
      cancel: () => {
        job.ended = true;
      },
    });
  }

  /** Resolves when no request is left. */
  async idle(): Promise<void> {
    while (this.#loop !== undefined) await this.#loop;
  }

  async #run(): Promise<void> {
    await setImmediate(); // requests that come together begin together
    this.#dropEnded();
    while (this.#waiting.length + this.#running.length > 0) {
      this.#admit();
      const step = this.#step();
      await setImmediate(); // a step may never leave the thread: this lets requests in, and disconnections be seen
      await step; // answers of the one before are written meanwhile
      this.#dropEnded();
    }
    this.#loop = undefined;
  }

  #dropEnded(): void {
    for (const { slot, row, job } of this.#running) if (job.ended || row.finished) this.#decoder.release(slot);
    this.#running = this.#running.filter(({ row, job }) => !job.ended && !row.finished);
    this.#waiting = this.#waiting.filter(({ job }) => !job.ended);
  }

  #admit(): void {
    const taken = new Set(this.#running.map(({ slot }) => slot));
    for (let slot = 0; slot < this.#decoder.maxSlots; slot++) {
      if (taken.has(slot)) continue;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running.push({ ...next, slot, unread: next.row.window });
    }
  }

  async #step(): Promise<void> {
    const rows = this.#running;
    const tokens = nextTokens(rows);
    try {
      const logits = await this.#decoder.step(tokens.map(({ row, ids }) => ({ slot: row.slot, ids })));
      for (const [i, { row, ids }] of tokens.entries()) {
        const wasReading = row.unread.length > 0;
        row.unread = row.unread.subarray(ids.length);
        if (row.unread.length > 0) continue;
        if (wasReading) this.#meter?.read(row.row.ids.length);
        this.#advance(row, logits[i] as Float32Array);
      }
    } catch (error) {
      for (const { job } of rows) fail(job, error);
    }
  }

  /** Picks a row's next token. What goes wrong here ends this request and no other. */
  #advance({ row, job }: RunningRow, logits: Float32Array): void {
    if (job.ended) return;
    try {
      job.steps.enqueue(row.advance(logits));
      this.#meter?.wrote(1);
    } catch (error) {
      return fail(job, error);
    }
    if (!row.finished) return;
    job.open -= 1;
    if (job.open > 0) return;
    job.ended = true;
    job.steps.close();
  }
}

/** What each row appends in a step: its newest token, or the next part of its prompt where it is its turn to be read. */
function nextTokens(rows: readonly RunningRow[]): { readonly row: RunningRow; readonly ids: Int32Array }[] {
  let left = READ_AT_ONCE;
  return rows.flatMap((row) => {
    if (row.unread.length === 0) return [{ row, ids: Int32Array.of(row.row.ids.at(-1) as number) }];
    const ids = row.unread.slice(0, left);
    left -= ids.length;
    return ids.length === 0 ? [] : [{ row, ids }];
  });
}

function fail(job: Job, error: unknown): void {
  if (job.ended) return;
  job.ended = true;
  job.steps.error(error);
}
