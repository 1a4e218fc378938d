import { type PlotLabels, plotLosses } from "@scratch-llm/pretrain";

/** What {@link plotValues} draws: lists of equal length, one entry per evaluation or epoch. */
export interface ValuePlot {
  readonly epochsSeen: readonly number[];
  readonly examplesSeen: readonly number[];
  readonly trainValues: readonly number[];
  readonly valValues: readonly number[];
  /** What the values are, "loss" or "accuracy"; default "loss". */
  readonly label?: string;
  readonly title?: string;
  /** Words in another language, in place of those that follow from `label`. */
  readonly words?: Partial<PlotLabels>;
}

/**
 * The plots of section 6.7 as an SVG document: a value in training and validation, epochs below and examples seen above.
 *
 * @throws {RangeError} for empty lists, or lists of unequal length.
 * @example
 * const svg = plotValues({ epochsSeen: [1, 2], examplesSeen: [1040, 2080], trainValues: [0.7, 0.9], valValues: [0.72, 0.92], label: "accuracy" });
 */
export function plotValues({ label = "loss", title = "", words = {}, ...values }: ValuePlot): string {
  return plotLosses({
    title,
    epochsSeen: values.epochsSeen,
    tokensSeen: values.examplesSeen,
    trainLosses: values.trainValues,
    valLosses: values.valValues,
    labels: {
      tokens: "Examples seen",
      loss: label.charAt(0).toUpperCase() + label.slice(1),
      train: `Training ${label}`,
      val: `Validation ${label}`,
      ...words,
    },
  });
}
