import {
  type EpochEvent,
  type EvalEvent,
  type Losses,
  type PlotLabels,
  plotLosses,
  type StepEvent,
  type TrainEvent,
} from "@scratch-llm/pretrain";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import { formatDuration } from "./format.ts";
import { fill, type Messages } from "./messages/messages.ts";
import type { Output } from "./output.ts";
import type { MeasuredEvent, RunFolder } from "./run-folder.ts";
import { StepClock } from "./step-clock.ts";

/** A place of two curves. */
export interface CurvePoint {
  readonly epoch: number;
  /** Tokens, or what else the upper axis counts. */
  readonly seen: number;
  readonly train: number;
  readonly val: number;
}

/** A pair of curves over a run. */
export interface Curve {
  /** Of the file, without its extension. */
  readonly name: string;
  readonly title: string;
  readonly labels: Partial<PlotLabels>;
  /** Undefined where an event has nothing to do with these curves. */
  readonly point: (event: MeasuredEvent) => CurvePoint | undefined;
}

/** The losses, over the tokens seen. */
export function lossPoint(event: MeasuredEvent): CurvePoint | undefined {
  if (event.type !== "eval") return undefined;
  return { epoch: event.epoch, seen: event.tokensSeen, train: event.trainLoss, val: event.valLoss };
}

/** Shows a run as it goes and writes it down: terminal, metrics.jsonl, samples.md and the plot. */
export class TrainingReport {
  readonly #output: Output;
  readonly #messages: Messages;
  readonly #folder: RunFolder;
  readonly #totalSteps: number;
  readonly #measured: MeasuredEvent[];
  readonly #evalRemark: ((event: EvalEvent) => string) | undefined;
  readonly #epochLine: ((event: EpochEvent<object>) => string) | undefined;
  readonly #started = performance.now();
  readonly #clock = new StepClock();
  #stepsDone = 0;
  readonly #speeds: number[] = [];
  #lastCheckpoint: string | undefined;

  constructor(options: {
    readonly output: Output;
    readonly messages: Messages;
    readonly folder: RunFolder;
    readonly totalSteps: number;
    /** What was measured before a resume: it belongs to the plots. */
    readonly earlier: readonly MeasuredEvent[];
    /** What an evaluation has found besides the losses, to stand behind them. */
    readonly evalRemark?: (event: EvalEvent) => string;
    /** What an epoch has found. */
    readonly epochLine?: (event: EpochEvent<object>) => string;
  }) {
    this.#output = options.output;
    this.#messages = options.messages;
    this.#folder = options.folder;
    this.#totalSteps = options.totalSteps;
    this.#measured = [...options.earlier];
    this.#evalRemark = options.evalRemark;
    this.#epochLine = options.epochLine;
  }

  get lastEval(): EvalEvent | undefined {
    return this.#measured.findLast((event) => event.type === "eval");
  }

  get lastCheckpoint(): string | undefined {
    return this.#lastCheckpoint;
  }

  /** Steps done. */
  get stepsDone(): number {
    return this.#stepsDone;
  }

  /** The median of the steps; NaN without any. */
  get tokensPerSecond(): number {
    return this.#speeds.toSorted((a, b) => a - b)[Math.floor(this.#speeds.length / 2)] ?? Number.NaN;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** One event of `trainModel`; its `start` and `done` are the command's own to tell. */
  async handle(event: TrainEvent<Losses, object>): Promise<void> {
    this.#clock.hear(event.type === "step", performance.now());
    switch (event.type) {
      case "step":
        this.#stepsDone = event.step + 1;
        this.#speeds.push(event.tokensPerSecond);
        this.#output.progress(this.#stepLine(event));
        await this.#folder.appendMetrics({ ...event });
        break;
      case "eval":
        this.#measured.push(event);
        this.#output.result(this.#evalLine(event));
        await this.#folder.appendMetrics({ ...event });
        break;
      case "epoch":
        this.#measured.push(event);
        if (this.#epochLine !== undefined) this.#output.result(this.#epochLine(event));
        await this.#folder.appendMetrics({ ...event });
        break;
      case "sample":
        this.#output.result(fill(this.#messages.run.sample, { text: event.text.replaceAll("\n", " ") }));
        await this.#folder.appendSample(event.step, event.text);
        break;
      case "checkpoint":
        this.#lastCheckpoint = event.path;
        this.#output.note(fill(this.#messages.run.checkpoint, { path: event.path }));
        break;
      default:
        return;
    }
    this.#output.event({ ...event });
  }

  /** Writes two curves as an SVG; nothing without a point. */
  async writeCurve({ name, title, labels, point }: Curve): Promise<string | undefined> {
    const points = this.#measured.flatMap((event) => point(event) ?? []);
    if (points.length === 0) return undefined;
    const svg = plotLosses({
      title,
      epochsSeen: points.map(({ epoch }) => epoch),
      tokensSeen: points.map(({ seen }) => seen),
      trainLosses: points.map(({ train }) => train),
      valLosses: points.map(({ val }) => val),
      labels: { ...this.#messages.plot, ...labels },
    });
    const path = this.#folder.file(`${name}.svg`);
    await writeFileAtomic(path, svg);
    return path;
  }

  #stepLine({ step, loss, lr, tokensPerSecond }: StepEvent): string {
    const done = step + 1;
    const left = this.#clock.secondsFor(this.#totalSteps - done, performance.now());
    return fill(this.#messages.run.step, {
      step: String(done).padStart(String(this.#totalSteps).length),
      steps: this.#totalSteps,
      percent: ((100 * done) / this.#totalSteps).toFixed(1),
      loss: loss.toFixed(3),
      lr: lr.toExponential(1),
      speed: Math.round(tokensPerSecond).toLocaleString("en-US"),
      left: left === undefined ? "…" : formatDuration(left),
    });
  }

  /** As the book prints it (section 5.2). */
  #evalLine(event: EvalEvent): string {
    const { epoch, step, trainLoss, valLoss } = event;
    const losses = fill(this.#messages.run.eval, {
      epoch: Math.max(1, Math.ceil(epoch - 1e-9)),
      step: String(step).padStart(6, "0"),
      train: trainLoss.toFixed(3),
      val: valLoss.toFixed(3),
    });
    return this.#evalRemark === undefined ? losses : `${losses}, ${this.#evalRemark(event)}`;
  }
}
