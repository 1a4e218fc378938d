export { type AccuracyOptions, calcAccuracyLoader } from "./accuracy.ts";
export { addClassHead, type ClassHeadOptions } from "./class-head.ts";
export { calcClassLossBatch, classLogits, type ClassLossOptions, type ReadOut } from "./class-logits.ts";
export {
  type Classification,
  classifyAll,
  type ClassifyAllOptions,
  classifyReview,
  type ClassifyOptions,
} from "./classify-review.ts";
export { type ClassScore, type Confusion, confusion } from "./confusion.ts";
export { classNames, countClasses, type LabeledText } from "./data/labeled-text.ts";
export { parseLabeledTexts } from "./data/parse-labeled-texts.ts";
export { formatRows, parseRows, type Rows } from "./data/parse-rows.ts";
export { parseSmsSpam } from "./data/sms-spam.ts";
export { createBalancedDataset, type DatasetSplit, randomSplit, type RandomSplitOptions } from "./data/split.ts";
export { ClassifierDataError, type ClassifierDataErrorCode, ClassifierOptionError } from "./errors.ts";
export { type BookResult, type Experiment, EXPERIMENTS } from "./experiments/experiments.ts";
export { type ExperimentOutcome, experimentsReport } from "./experiments/experiments-report.ts";
export { type ExperimentOptions, type ExperimentResult, runExperiment } from "./experiments/run-experiment.ts";
export { plotValues, type ValuePlot } from "./plot-values.ts";
export type { ClassifierSettings, TokenPosition } from "./settings.ts";
export {
  collateTexts,
  type EncodedText,
  SpamDataset,
  type SpamDatasetOptions,
  type TextBatch,
} from "./spam-dataset.ts";
export { type Accuracies, trainClassifier, type TrainClassifierOptions } from "./train-classifier.ts";
export {
  type ClassifierHistory,
  trainClassifierSimple,
  type TrainClassifierSimpleOptions,
} from "./train-classifier-simple.ts";
export { chooseTrainable, type TrainableLayers } from "./trainable.ts";
