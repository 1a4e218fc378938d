import { type Batch, stackRows } from "@scratch-llm/dataloader";
import type * as tf from "@tensorflow/tfjs";
import { EmptyCompletionError } from "./errors.ts";
import type { EncodedInstruction } from "./instruction-dataset.ts";

/** A row of token ids. */
export type TokenRow = ArrayLike<number> & Iterable<number>;

/** GPT-2's `<|endoftext|>`. */
const END_OF_TEXT_ID = 50_256;

/** Settings of {@link customCollate}. */
export interface CollateOptions {
  /** Fills up rows, and ends each; the tokenizer's `eosId`. Default 50256, GPT-2's `<|endoftext|>`. */
  readonly padTokenId?: number;
  /** The target of positions that do not count. Default −100, which `crossEntropy` leaves out. */
  readonly ignoreIndex?: number;
  /** Cuts rows that are longer, such as the model's context length. */
  readonly allowedMaxLength?: number;
  /**
   * Makes rows longer, up to a multiple of it (default 1). The loss stays what it is, and a compiled step, which is recorded
   * once for each width, meets fewer widths.
   */
  readonly padToMultipleOf?: number;
  /** Tokens at the start of each row that are not to be learned: its prompt (exercise 7.2). Default none. */
  readonly promptLengths?: readonly number[];
}

/** The first draft of section 7.3: rows filled up to the longest of the batch, without targets. int32 (b, t). */
export function customCollateDraft1(batch: readonly TokenRow[], padTokenId: number = END_OF_TEXT_ID): tf.Tensor2D {
  return stackRows(padRows(batch, padTokenId).map((row) => row.slice(0, -1)));
}

/** The second draft of section 7.3: targets are the inputs moved on by one, and padding is learned like any token. */
export function customCollateDraft2(batch: readonly TokenRow[], padTokenId: number = END_OF_TEXT_ID): Batch {
  const rows = padRows(batch, padTokenId);
  return {
    inputs: stackRows(rows.map((row) => row.slice(0, -1))),
    targets: stackRows(rows.map((row) => row.slice(1))),
  };
}

/**
 * The book's `custom_collate_fn` (listing 7.5): rows are filled up with end-of-text tokens, of which the model learns the
 * first, so that it knows where to stop, and ignores the others. Both tensors are int32 (b, t).
 *
 * @throws EmptyCompletionError when nothing is left to learn, for the loss of such a batch is not a number
 * @example
 * const { inputs, targets } = customCollate([[0, 1, 2, 3, 4], [5, 6], [7, 8, 9]]);
 * // inputs  [0, 1, 2, 3, 4]      [5, 6, 50256, 50256, 50256]    [7, 8, 9, 50256, 50256]
 * // targets [1, 2, 3, 4, 50256]  [6, 50256, -100, -100, -100]   [8, 9, 50256, -100, -100]
 */
export function customCollate(batch: readonly TokenRow[], options: CollateOptions = {}): Batch {
  const { padTokenId = END_OF_TEXT_ID, ignoreIndex = -100, allowedMaxLength, promptLengths = [] } = options;
  const rows = padRows(batch, padTokenId, options.padToMultipleOf);
  const inputs = rows.map((row) => row.slice(0, -1).slice(0, allowedMaxLength));
  const targets = rows.map((row, i) => {
    const target = row.slice(1);
    const firstPad = target.indexOf(padTokenId);
    for (let at = firstPad + 1; at < target.length; at++) if (target[at] === padTokenId) target[at] = ignoreIndex;
    target.fill(ignoreIndex, 0, Math.max(0, (promptLengths[i] ?? 0) - 1)); // the prompt's last token predicts the answer
    return target.slice(0, allowedMaxLength);
  });
  if (targets.every((target) => target.every((id) => id === ignoreIndex))) {
    throw new EmptyCompletionError(
      `None of the batch's ${batch.length} rows has an answer within ${allowedMaxLength ?? "its"} tokens: ` +
        `give the data set that maxLength too, so that it skips such entries.`,
    );
  }
  return { inputs: stackRows(inputs), targets: stackRows(targets) };
}

/** Settings of {@link collateInstructions}. */
export interface CollateInstructionsOptions extends Omit<CollateOptions, "promptLengths"> {
  /** Learn the answers alone and not the prompts (exercise 7.2). Default false, as the book. */
  readonly maskInstructions?: boolean;
}

/** {@link customCollate} for a `DataLoader` over an `InstructionDataset`. */
export function collateInstructions(
  options: CollateInstructionsOptions = {},
): (items: readonly EncodedInstruction[]) => Batch {
  const { maskInstructions = false, ...rest } = options;
  return (items) =>
    customCollate(
      items.map(({ ids }) => ids),
      { ...rest, promptLengths: maskInstructions ? items.map(({ promptLength }) => promptLength) : [] },
    );
}

/** Each row with an end-of-text token, then filled up to the longest; one longer than the inputs and targets will be. */
function padRows(batch: readonly TokenRow[], padTokenId: number, multiple = 1): Int32Array[] {
  const width = Math.ceil(Math.max(...batch.map((row) => row.length)) / multiple) * multiple;
  return batch.map((row) => {
    const padded = new Int32Array(width + 1).fill(padTokenId);
    padded.set(row);
    return padded;
  });
}
