import type { BackendErrorCode } from "@scratch-llm/backend";
import type { CursorMismatchError, LoaderOptionError } from "@scratch-llm/dataloader";
import type { ClassifierOptionError } from "@scratch-llm/finetune-classifier";
import type { EmptyPromptError, GenerateOptionsError, GPTConfigError, TokenIdError } from "@scratch-llm/gpt";
import type { ArgumentError, ShapeError, StateDictError } from "@scratch-llm/nn";
import type { OnnxErrorCode } from "@scratch-llm/onnx";
import type { CheckpointError, NonFiniteLossError, TrainOptionsError } from "@scratch-llm/pretrain";
import type { SafetensorsErrorCode } from "@scratch-llm/safetensors";
import type {
  DisallowedSpecialError,
  TokenizerFormatError,
  TrainBPEOptionsError,
  WordTooLongError,
} from "@scratch-llm/tokenizer";
import type { DownloadErrorCode, WeightsErrorCode } from "@scratch-llm/weights-loader";
import type { FaultCode } from "./fault.ts";

/** Errors of the packages that come about in a page, other than those with a list of codes. */
type Coded =
  | ArgumentError
  | CheckpointError
  | ClassifierOptionError
  | CursorMismatchError
  | DisallowedSpecialError
  | EmptyPromptError
  | GenerateOptionsError
  | GPTConfigError
  | LoaderOptionError
  | NonFiniteLossError
  | ShapeError
  | StateDictError
  | TokenIdError
  | TokenizerFormatError
  | TrainBPEOptionsError
  | TrainOptionsError
  | WordTooLongError;

/** What can go wrong in a page, by code. Those of the browser's own errors are their names. */
export type ErrorCode =
  | FaultCode
  | "ENGINE_RESTARTED"
  | "ENGINE_DEAD"
  | Coded["code"]
  | BackendErrorCode
  | OnnxErrorCode
  | WeightsErrorCode
  | Exclude<SafetensorsErrorCode, "WRITE_FAILED">
  | Exclude<DownloadErrorCode, "OFFLINE" | "WRITE_FAILED" | "DISK_FULL">
  | "NotReadableError";

/** The code of an error: its own, else its name. A browser's own errors have a number there, which says nothing. */
export function codeOf(error: Error): string {
  const { code } = error as Error & { readonly code?: unknown };
  return typeof code === "string" ? code : error.name;
}
