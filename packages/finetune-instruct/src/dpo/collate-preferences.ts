import { stackRows } from "@scratch-llm/dataloader";
import type * as tf from "@tensorflow/tfjs";
import { EmptyCompletionError } from "../errors.ts";
import type { EncodedPreference } from "./preference-dataset.ts";

/** Pairs of answers, all tensors int32 (b, t). */
export interface PreferenceBatch {
  readonly chosen: tf.Tensor2D;
  readonly rejected: tf.Tensor2D;
  /** 1 where a token of `chosen` is part of an answer. */
  readonly chosenMask: tf.Tensor2D;
  readonly rejectedMask: tf.Tensor2D;
}

/** Settings of {@link collatePreferences}. */
export interface CollatePreferencesOptions {
  /** Fills up rows; the tokenizer's `eosId`. Default 50256, GPT-2's `<|endoftext|>`. */
  readonly padTokenId?: number;
  /** Cuts rows that are longer, such as the model's context length. */
  readonly allowedMaxLength?: number;
  /** Makes rows longer, up to a multiple of it (default 1); a compiled step then meets fewer widths. */
  readonly padToMultipleOf?: number;
  /** Whether only answers count (default), or prompts too. */
  readonly maskPromptTokens?: boolean;
}

/**
 * The DPO notebook's `custom_collate_fn`: chosen and rejected answers filled up to one common length, at least one end-of-text
 * token behind each, and the masks of what counts.
 *
 * @throws EmptyCompletionError when truncation leaves nothing of an answer
 */
export function collatePreferences(
  options: CollatePreferencesOptions = {},
): (items: readonly EncodedPreference[]) => PreferenceBatch {
  const { padTokenId = 50_256, allowedMaxLength = Infinity, padToMultipleOf = 1, maskPromptTokens = true } = options;
  return (items) => {
    const longest = Math.max(...items.flatMap(({ chosen, rejected }) => [chosen.length, rejected.length]));
    const width = Math.min(Math.ceil((longest + 1) / padToMultipleOf) * padToMultipleOf, allowedMaxLength);
    const chosen = items.map((item) => item.chosen.subarray(0, width));
    const rejected = items.map((item) => item.rejected.subarray(0, width));
    const starts = items.map((item) => (maskPromptTokens ? item.maskedLength : 0));
    for (const answers of [chosen, rejected]) answers.forEach((ids, i) => requireAnswer(starts[i] ?? 0, ids.length));
    const rows = (answers: readonly Int32Array[]): tf.Tensor2D =>
      stackRows(answers.map((ids) => filled(width, padTokenId, ids)));
    const masks = (answers: readonly Int32Array[]): tf.Tensor2D =>
      stackRows(answers.map((ids, i) => new Int32Array(width).fill(1, starts[i], ids.length)));
    return {
      chosen: rows(chosen),
      rejected: rows(rejected),
      chosenMask: masks(chosen),
      rejectedMask: masks(rejected),
    };
  };
}

function filled(width: number, padTokenId: number, ids: Int32Array): Int32Array {
  const row = new Int32Array(width).fill(padTokenId);
  row.set(ids);
  return row;
}

function requireAnswer(start: number, end: number): void {
  if (start < end) return;
  throw new EmptyCompletionError(
    `An answer begins at token ${start} and the row ends at ${end}: give the data set maxLength, so that it skips such entries.`,
  );
}
