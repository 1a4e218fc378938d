import { type EvalEvent, type PlotLabels, plotLosses, type StepEvent, type TrainEvent } from "@scratch-llm/pretrain";
import { formatDuration } from "./format.ts";
import { fill, type Messages } from "./messages/messages.ts";
import type { Output } from "./output.ts";
import { type RunFolder, writeWhole } from "./run-folder.ts";

/** A pair of curves over the evaluations. */
export interface Curve {
  /** Of the file, without its extension. */
  readonly name: string;
  readonly title: string;
  readonly labels: Partial<PlotLabels>;
  readonly train: (event: EvalEvent) => number;
  readonly val: (event: EvalEvent) => number;
}

/** Shows a run as it goes and writes it down: terminal, metrics.jsonl, samples.md and the plot. */
export class TrainingReport {
  readonly #output: Output;
  readonly #messages: Messages;
  readonly #folder: RunFolder;
  readonly #totalSteps: number;
  readonly #evals: EvalEvent[];
  readonly #evalRemark: ((event: EvalEvent) => string) | undefined;
  readonly #started = performance.now();
  #firstStep: number | undefined;
  #stepsDone = 0;
  readonly #speeds: number[] = [];
  #lastCheckpoint: string | undefined;

  constructor(options: {
    readonly output: Output;
    readonly messages: Messages;
    readonly folder: RunFolder;
    readonly totalSteps: number;
    /** Evaluations before a resume: they belong to the plot. */
    readonly earlier: readonly EvalEvent[];
    /** What an evaluation has found besides the losses, to stand behind them. */
    readonly evalRemark?: (event: EvalEvent) => string;
  }) {
    this.#output = options.output;
    this.#messages = options.messages;
    this.#folder = options.folder;
    this.#totalSteps = options.totalSteps;
    this.#evals = [...options.earlier];
    this.#evalRemark = options.evalRemark;
  }

  get lastEval(): EvalEvent | undefined {
    return this.#evals.at(-1);
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
  async handle(event: TrainEvent): Promise<void> {
    switch (event.type) {
      case "step":
        this.#stepsDone = event.step + 1;
        this.#speeds.push(event.tokensPerSecond);
        this.#output.progress(this.#stepLine(event));
        await this.#folder.appendMetrics({ ...event });
        break;
      case "eval":
        this.#evals.push(event);
        this.#output.result(this.#evalLine(event));
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

  /** Writes loss-plot.svg; nothing without an evaluation. */
  writePlot(title: string): Promise<string | undefined> {
    const losses = { train: ({ trainLoss }: EvalEvent) => trainLoss, val: ({ valLoss }: EvalEvent) => valLoss };
    return this.writeCurve({ name: "loss-plot", title, labels: {}, ...losses });
  }

  /** Writes two curves as an SVG; nothing without an evaluation. */
  async writeCurve({ name, title, labels, train, val }: Curve): Promise<string | undefined> {
    if (this.#evals.length === 0) return undefined;
    const svg = plotLosses({
      title,
      epochsSeen: this.#evals.map(({ epoch }) => epoch),
      tokensSeen: this.#evals.map(({ tokensSeen }) => tokensSeen),
      trainLosses: this.#evals.map(train),
      valLosses: this.#evals.map(val),
      labels: { ...this.#messages.plot, ...labels },
    });
    const path = this.#folder.file(`${name}.svg`);
    await writeWhole(path, svg);
    return path;
  }

  #stepLine({ step, loss, lr, tokensPerSecond }: StepEvent): string {
    this.#firstStep ??= step;
    const done = step + 1;
    const perStep = this.seconds / (done - this.#firstStep);
    return fill(this.#messages.run.step, {
      step: String(done).padStart(String(this.#totalSteps).length),
      steps: this.#totalSteps,
      percent: ((100 * done) / this.#totalSteps).toFixed(1),
      loss: loss.toFixed(3),
      lr: lr.toExponential(1),
      speed: Math.round(tokensPerSecond).toLocaleString("en-US"),
      left: formatDuration(perStep * (this.#totalSteps - done)),
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
