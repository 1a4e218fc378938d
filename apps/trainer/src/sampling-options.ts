import type { GenerateOptions } from "@scratch-llm/gpt";
import type { Tokenizer } from "@scratch-llm/tokenizer";

/** The flags that decide how text is written; `generate` and `chat` share them. */
export interface SamplingFlags {
  readonly maxNewTokens: number;
  readonly minNewTokens?: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly noRepeatNgram?: number;
  readonly stop?: readonly string[];
  readonly seed: number;
}

/** The flags as the options of `generate`; the tokenizer's end-of-text token ends the text. */
export function samplingOptions(
  { noRepeatNgram, stop, ...flags }: SamplingFlags,
  tokenizer: Tokenizer,
): GenerateOptions {
  return {
    ...flags,
    noRepeatNgramSize: noRepeatNgram,
    stopStrings: stop,
    tokenizer,
    eosId: tokenizer.eosId,
    overflow: "halve",
  };
}
