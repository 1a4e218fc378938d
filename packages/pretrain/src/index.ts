export { type AppendixDOptions, findHighestGradient, trainModelAppendixD } from "./appendix-d.ts";
export type { BatchIterator, BatchLoader, Tensors } from "./batch-loader.ts";
export { CheckpointError } from "./checkpoint-error.ts";
export {
  checkpointName,
  CHECKPOINTS,
  encodeTrainerState,
  type Json,
  LATEST,
  type LoadedCheckpoint,
  momentEntries,
  MOMENTS_FILE,
  parseTrainerState,
  restoreTrainer,
  STATE_FILE,
  type Trainer,
  type TrainerStateFile,
} from "./checkpoint-state.ts";
export { encodeSplit, encodeTexts, type TokenSplit } from "./encode-texts.ts";
export { NonFiniteLossError, TrainOptionsError } from "./errors.ts";
export { compileOnBatch } from "./compile-on-batch.ts";
export { generateSample, type SampleOptions } from "./generate-sample.ts";
export {
  type BatchLoss,
  type BatchLossOption,
  calcLossBatch,
  calcLossLoader,
  type EvaluateOptions,
  evaluateModel,
  type LanguageModel,
  type LoaderLossOptions,
  type Losses,
  perplexity,
} from "./losses.ts";
export { type LossPlot, type PlotLabels, plotLosses } from "./plot-losses.ts";
export {
  constantRate,
  linearWarmup,
  type Schedule,
  warmupCosine,
  type WarmupCosineOptions,
  type WarmupOptions,
} from "./schedules.ts";
export { nextTask } from "./next-task.ts";
export { splitText, textToTokenIds, tokenIdsToText } from "./text.ts";
export type {
  CheckpointEvent,
  DoneEvent,
  EpochEvent,
  EvalEvent,
  SampleEvent,
  StartEvent,
  StepEvent,
  StopReason,
  TrainEvent,
  TrainState,
} from "./train-events.ts";
export { trainModel } from "./train-model.ts";
export { type LossHistory, trainModelSimple, type TrainModelSimpleOptions } from "./train-model-simple.ts";
export type { Clipping, TrainOptions, TrainSettings } from "./train-options.ts";
