import {
  type EpochEvent,
  type EvalEvent,
  type Losses,
  NonFiniteLossError,
  type TrainEvent,
  type TrainState,
} from "@scratch-llm/pretrain";
import { latestCheckpoint } from "@scratch-llm/pretrain/node";
import { TrainerError } from "./errors.ts";
import type { Context } from "./flags.ts";
import { formatDuration } from "./format.ts";
import { interrupted } from "./interrupt.ts";
import { fill, type Messages } from "./messages/messages.ts";
import type { RunFolder } from "./run-folder.ts";
import { startCommand } from "./start-command.ts";
import { type Curve, lossPoint, TrainingReport } from "./training-report.ts";

/** A training that is about to begin. */
export interface WatchedTraining {
  readonly events: AsyncIterable<TrainEvent<Losses, object>>;
  readonly folder: RunFolder;
  readonly totalSteps: number;
  /** Where it goes on from. */
  readonly state: TrainState | undefined;
  /** Above the loss plot. */
  readonly title: string;
  /** What continues it after Ctrl-C, such as "train pretrain". */
  readonly command: string;
  /** What an evaluation has found besides the losses. */
  readonly evalRemark?: (event: EvalEvent) => string;
  /** What an epoch has found. */
  readonly epochLine?: (event: EpochEvent<object>) => string;
  /** Curves besides the losses', or in place of them under their name. */
  readonly curves?: readonly Omit<Curve, "title">[];
}

/**
 * Runs a training to its end, with every event shown and written down.
 * @throws {TrainerError} `INTERRUPTED` after Ctrl-C, when the step is finished and saved; `NON_FINITE_LOSS` when the loss is
 *   no number any more, with the last good checkpoint.
 */
export async function watchTraining(training: WatchedTraining, context: Context): Promise<TrainingReport> {
  const { events, folder, totalSteps, state, title, command, evalRemark, epochLine, curves = [] } = training;
  const { output, messages } = context;
  const earlier = state === undefined ? [] : await folder.rewindMetrics(state.step);
  if (state !== undefined) output.note(fill(messages.run.resumed, { path: folder.path, step: state.step }));
  const remarks = { ...(evalRemark && { evalRemark }), ...(epochLine && { epochLine }) };
  const report = new TrainingReport({ output, messages, folder, totalSteps, earlier, ...remarks });
  const onInterrupt = (): void => output.note(messages.run.secondInterrupt);
  interrupted.addEventListener("abort", onInterrupt, { once: true });
  let aborted = false;
  try {
    for await (const event of events) {
      await report.handle(event);
      aborted = event.type === "done" && event.reason === "aborted";
    }
  } catch (error) {
    throw error instanceof NonFiniteLossError ? await ruined(error, folder, messages) : error;
  } finally {
    output.clearProgress();
    interrupted.removeEventListener("abort", onInterrupt);
  }
  const replaced = curves.some(({ name }) => name === LOSSES.name);
  for (const curve of replaced ? curves : [LOSSES, ...curves]) {
    const path = await report.writeCurve({ title, ...curve });
    if (path !== undefined) output.note(fill(messages.run.plot, { path }));
  }
  if (aborted) {
    const resume = `${startCommand()} ${command} --resume ${folder.path}`;
    throw new TrainerError("INTERRUPTED", fill(messages.run.interrupted, { step: report.stepsDone, command: resume }));
  }
  const { trainLoss = Number.NaN, valLoss = Number.NaN } = report.lastEval ?? {};
  const losses = { train: trainLoss.toFixed(3), val: valLoss.toFixed(3) };
  output.result(fill(messages.run.done, { duration: formatDuration(report.seconds), ...losses }));
  return report;
}

/** Says where to go on from. A checkpoint of as many steps as the loss's number holds the weights that gave this loss. */
async function ruined(cause: NonFiniteLossError, folder: RunFolder, { errors }: Messages): Promise<TrainerError> {
  const { step, loss } = cause;
  const path = await latestCheckpoint(folder.path, { before: step });
  const remedy = path === undefined ? errors.nonFiniteNoCheckpoint : fill(errors.nonFiniteResume, { path });
  return new TrainerError("NON_FINITE_LOSS", fill(errors.nonFiniteLoss, { step, loss, remedy }), { cause });
}

const LOSSES: Omit<Curve, "title"> = { name: "loss-plot", labels: {}, point: lossPoint };
