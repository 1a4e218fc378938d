import type { Dataset } from "@scratch-llm/dataloader";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { encodeAnswer, type EncodedAnswer } from "../encode-answer.ts";
import type { Preference } from "../instruction.ts";
import type { DatasetOptions } from "../instruction-dataset.ts";
import { ALPACA } from "../prompt-format.ts";

/** A task with both answers as tokens. */
export interface EncodedPreference {
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  /**
   * How many tokens at the start of either are no answer: the prompt and the line breaks after it. What the head has besides
   * counts, as in the book; it is the same in both.
   */
  readonly maskedLength: number;
}

/** The DPO notebook's `PreferenceDataset`: every entry formatted and encoded once, with each of its two answers. */
export class PreferenceDataset implements Dataset<EncodedPreference> {
  /** Entries left out because truncation would leave nothing of an answer. */
  readonly skipped: Preference[] = [];
  readonly #encoded: EncodedPreference[] = [];

  constructor(data: readonly Preference[], tokenizer: Tokenizer, options: DatasetOptions = {}) {
    const { format = ALPACA, maxLength = Infinity } = options;
    for (const entry of data) {
      const chosen = encodeAnswer(entry, entry.chosen, tokenizer, format);
      const rejected = encodeAnswer(entry, entry.rejected, tokenizer, format);
      const maskedLength = Math.min(countMasked(chosen, tokenizer), countMasked(rejected, tokenizer));
      const fits = Math.max(chosen.answerStart, rejected.answerStart) < maxLength;
      if (fits) this.#encoded.push({ chosen: chosen.ids, rejected: rejected.ids, maskedLength });
      else this.skipped.push(entry);
    }
  }

  /** Number of pairs that were not skipped. */
  get length(): number {
    return this.#encoded.length;
  }

  /** @throws RangeError outside `0 … length - 1` */
  get(index: number): EncodedPreference {
    const item = this.#encoded[index];
    if (!item) throw new RangeError(`Entry ${index} does not exist: the data set has ${this.length}.`);
    return item;
  }
}

/** The prompt's tokens and those of pure white space after it, two in Alpaca's format. */
function countMasked({ ids, promptLength, answerStart }: EncodedAnswer, tokenizer: Tokenizer): number {
  let count = promptLength;
  while (count < answerStart && tokenizer.decode(ids.subarray(count, count + 1)).trim() === "") count += 1;
  return count;
}
