export { chatFormat } from "./chat-format.ts";
export type { ChatTemplate } from "./chat-template.ts";
export {
  collateInstructions,
  type CollateInstructionsOptions,
  type CollateOptions,
  customCollate,
  customCollateDraft1,
  customCollateDraft2,
  type TokenRow,
} from "./collate.ts";
export { collatePreferences, type CollatePreferencesOptions, type PreferenceBatch } from "./dpo/collate-preferences.ts";
export { computeDpoLoss, computeDpoLossBatch, type DpoLogprobs, type DpoLoss } from "./dpo/dpo-loss.ts";
export { computeLogprobs, type PairLogprobs, pairLogprobs } from "./dpo/logprobs.ts";
export { type EncodedPreference, PreferenceDataset } from "./dpo/preference-dataset.ts";
export {
  type DpoMeasures,
  evaluateDpo,
  type EvaluateDpoOptions,
  trainDpo,
  type TrainDpoOptions,
} from "./dpo/train-dpo.ts";
export {
  collateReferenced,
  type ReferencedBatch,
  type ReferencedPreference,
  type ReferenceOptions,
  withReference,
} from "./dpo/with-reference.ts";
export {
  EmptyCompletionError,
  FormatError,
  type FormatErrorCode,
  InstructionDataError,
  InstructOptionError,
} from "./errors.ts";
export {
  checkInstructions,
  checkPreferences,
  type Instruction,
  parseEntries,
  type Preference,
  type Task,
} from "./instruction.ts";
export { type DatasetOptions, type EncodedInstruction, InstructionDataset } from "./instruction-dataset.ts";
export type { ChatProtocolName } from "./judge/chat-protocol.ts";
export { JudgeError, type JudgeErrorCode } from "./judge/judge-error.ts";
export { judgePrompt, parseScore } from "./judge/judge-prompt.ts";
export { type ChatEndpoint, queryModel, type QueryModel } from "./judge/query-model.ts";
export {
  type JudgedResponse,
  type ScoreOptions,
  scoreResponses,
  type Scores,
  type Verdict,
  type AnswerStore,
} from "./judge/score-responses.ts";
export { duplicatesToRemove, findNearDuplicates, type NearDuplicate } from "./near-duplicates.ts";
export {
  ALPACA,
  type ChatMessage,
  extractResponse,
  formatEntry,
  formatInput,
  PHI3,
  type PromptFormat,
  type PromptTemplate,
  templateFormat,
} from "./prompt-format.ts";
export {
  answerEnds,
  encodeTask,
  respond,
  respondAll,
  type RespondAllOptions,
  type RespondOptions,
  type TaskResponse,
} from "./respond.ts";
export { splitData, type SplitData, type SplitFractions } from "./split-data.ts";
export { exactMatch, rougeL } from "./string-metrics.ts";
