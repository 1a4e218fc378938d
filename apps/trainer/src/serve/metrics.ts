import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Scheduler, WorkMeter } from "./scheduler.ts";

/** Upper bounds of the times, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** What a server has done so far, for Prometheus. */
export class Metrics implements WorkMeter {
  readonly registry: Registry = new Registry();
  readonly #requests: Counter<"route" | "status">;
  readonly #seconds: Histogram<"route">;
  readonly #firstToken: Histogram;
  readonly #promptTokens: Counter;
  readonly #generatedTokens: Counter;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Counter({
      name: "scratch_llm_requests_total",
      help: "Requests answered; status 499 is a client that went away",
      labelNames: ["route", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "scratch_llm_request_seconds",
      help: "From a request to the end of its answer",
      labelNames: ["route"],
      buckets: SECONDS,
      registers,
    });
    this.#firstToken = new Histogram({
      name: "scratch_llm_first_token_seconds",
      help: "From a request to its first token",
      buckets: SECONDS,
      registers,
    });
    this.#promptTokens = new Counter({
      name: "scratch_llm_prompt_tokens_total",
      help: "Tokens of prompts read",
      registers,
    });
    this.#generatedTokens = new Counter({
      name: "scratch_llm_generated_tokens_total",
      help: "Tokens written",
      registers,
    });
  }

  /** Shows how busy the scheduler is. */
  watch(scheduler: Scheduler): void {
    const gauge = (name: string, help: string, value: () => number): Gauge =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(value());
        },
      });
    gauge("scratch_llm_rows_running", "Answers being written", () => scheduler.running);
    gauge("scratch_llm_rows_waiting", "Answers waiting for a slot", () => scheduler.waiting);
  }

  read(promptTokens: number): void {
    this.#promptTokens.inc(promptTokens);
  }

  wrote(tokens: number): void {
    this.#generatedTokens.inc(tokens);
  }

  firstToken(seconds: number): void {
    this.#firstToken.observe(seconds);
  }

  answered(route: string, status: number, seconds: number): void {
    this.#requests.inc({ route, status });
    this.#seconds.observe({ route }, seconds);
  }
}
