import type { Dataset } from "@scratch-llm/dataloader";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import type { Instruction } from "./instruction.ts";
import { encodeAnswer, type EncodedAnswer } from "./encode-answer.ts";
import { ALPACA, type PromptFormat } from "./prompt-format.ts";

/** An entry as tokens, without an end-of-text token. */
export type EncodedInstruction = Pick<EncodedAnswer, "ids" | "promptLength">;

/** Settings of the data sets of this package. */
export interface DatasetOptions {
  /** Default {@link ALPACA}. */
  readonly format?: PromptFormat;
  /** Leaves out entries whose answer would begin after this many tokens, such as the model's context length. */
  readonly maxLength?: number;
}

/**
 * The book's `InstructionDataset` (listing 7.4): every entry formatted and encoded once.
 *
 * @example
 * const dataset = new InstructionDataset(entries, await gpt2Tokenizer(), { maxLength: 1024 });
 * const loader = new DataLoader(dataset, { batchSize: 8, collate: collateInstructions({ allowedMaxLength: 1024 }) });
 */
export class InstructionDataset implements Dataset<EncodedInstruction> {
  /** Entries left out because truncation would leave nothing of their answer. */
  readonly skipped: Instruction[] = [];
  readonly #encoded: EncodedInstruction[] = [];

  constructor(data: readonly Instruction[], tokenizer: Tokenizer, options: DatasetOptions = {}) {
    const { format = ALPACA, maxLength = Infinity } = options;
    for (const entry of data) {
      const { ids, promptLength, answerStart } = encodeAnswer(entry, entry.output, tokenizer, format);
      if (answerStart <= maxLength) this.#encoded.push({ ids, promptLength });
      else this.skipped.push(entry);
    }
  }

  /** Number of entries that were not skipped. */
  get length(): number {
    return this.#encoded.length;
  }

  /** @throws RangeError outside `0 … length - 1` */
  get(index: number): EncodedInstruction {
    const item = this.#encoded[index];
    if (!item) throw new RangeError(`Entry ${index} does not exist: the data set has ${this.length}.`);
    return item;
  }
}
