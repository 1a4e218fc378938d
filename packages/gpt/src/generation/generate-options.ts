import type { Tokenizer } from "@scratch-llm/tokenizer";
import { GenerateOptionsError } from "../errors.ts";
import type { LogitsProcessor } from "./logits-processor.ts";

/**
 * What happens when a row has filled the model's context:
 * `crop`: the model sees the last contextLength tokens, as the book's functions do; every further token costs a whole pass.
 * `halve`: the model forgets the older half and goes on at full speed.
 * `stop`: the row ends, and a prompt longer than the context is an error.
 */
export type Overflow = "crop" | "halve" | "stop";

/** How to generate. Without any option: greedily, 50 tokens. */
export interface GenerateOptions {
  /** Most tokens to generate. Default 50. */
  readonly maxNewTokens?: number | undefined;
  /** Before so many tokens neither eosId nor stopIds can be picked. Default 0. */
  readonly minNewTokens?: number | undefined;
  /** 0 picks the most likely token; larger values give unlikely tokens more of a chance. Default 0. */
  readonly temperature?: number | undefined;
  /** Sample among the k most likely tokens. */
  readonly topK?: number | undefined;
  /** Sample among the most likely tokens that together reach this probability. */
  readonly topP?: number | undefined;
  /** Sample among the tokens at least this many times as likely as the most likely one. */
  readonly minP?: number | undefined;
  /** Above 1: tokens of prompt and output become less likely. */
  readonly repetitionPenalty?: number | undefined;
  /** Subtracted from the logit of every token generated so far (OpenAI). */
  readonly presencePenalty?: number | undefined;
  /** Subtracted for every time it was generated (OpenAI). */
  readonly frequencyPenalty?: number | undefined;
  /** No sequence of so many tokens comes twice. */
  readonly noRepeatNgramSize?: number | undefined;
  /** Further changes to the logits, before all of the above. */
  readonly processors?: readonly LogitsProcessor[] | undefined;
  /** Seeds the samples: the same seed gives the same tokens on every backend. Row r of a batch uses seed + r. Default 123. */
  readonly seed?: number | undefined;
  /** The end-of-text token: ends its row. */
  readonly eosId?: number | undefined;
  /** Further tokens that end a row. */
  readonly stopIds?: readonly number[] | undefined;
  /** Texts that end a row; they are not part of its text. Needs a tokenizer. */
  readonly stopStrings?: readonly string[] | undefined;
  /** Turns the tokens into the steps' text. */
  readonly tokenizer?: Tokenizer | undefined;
  /** Whether steps tell how likely their tokens were, which costs more than to pick them; NaN where they do not. Default true. */
  readonly logProbs?: boolean | undefined;
  /** Report so many of the most likely tokens with each step. Default 0. */
  readonly topLogProbs?: number | undefined;
  /** Default `crop`. */
  readonly overflow?: Overflow | undefined;
  /** Ends the generation with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

type Check = readonly [keyof GenerateOptions, (value: number) => boolean, string];

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;

const CHECKS: readonly Check[] = [
  ["maxNewTokens", isCount, "a whole number of at least 0"],
  ["minNewTokens", isCount, "a whole number of at least 0"],
  ["temperature", (value) => value >= 0 && value < Infinity, "0 (the most likely token) or more"],
  ["topK", (value) => isCount(value) && value > 0, "a whole number of at least 1"],
  ["topP", (value) => value > 0 && value <= 1, "more than 0 and at most 1"],
  ["minP", (value) => value >= 0 && value <= 1, "between 0 and 1"],
  ["repetitionPenalty", (value) => value > 0 && value < Infinity, "more than 0; 1 changes nothing"],
  ["presencePenalty", Number.isFinite, "a number, usually between -2 and 2"],
  ["frequencyPenalty", Number.isFinite, "a number, usually between -2 and 2"],
  ["noRepeatNgramSize", (value) => isCount(value) && value > 0, "a whole number of at least 1"],
  ["seed", Number.isSafeInteger, "a whole number"],
  ["topLogProbs", isCount, "a whole number of at least 0"],
];

/** @throws GenerateOptionsError naming the first option that cannot work */
export function checkOptions(options: GenerateOptions): void {
  for (const [name, isValid, expected] of CHECKS) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && isValid(value))) {
      throw new GenerateOptionsError(`${name} is ${String(value)}: it must be ${expected}.`);
    }
  }
  if (options.stopStrings?.length && !options.tokenizer) {
    throw new GenerateOptionsError("stopStrings need a tokenizer: pass the model's as the option tokenizer.");
  }
}
