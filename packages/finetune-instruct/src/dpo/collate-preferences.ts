import * as tf from "@tensorflow/tfjs";
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
    const rows = (ids: (item: EncodedPreference) => Int32Array): tf.Tensor2D =>
      stack(items, width, (item, at) => ids(item)[at] ?? padTokenId);
    const masks = (ids: (item: EncodedPreference) => Int32Array): tf.Tensor2D => {
      const start = (item: EncodedPreference): number => (maskPromptTokens ? item.maskedLength : 0);
      for (const item of items) requireAnswer(start(item), Math.min(width, ids(item).length));
      return stack(items, width, (item, at) => (at >= start(item) && at < ids(item).length ? 1 : 0));
    };
    return {
      chosen: rows(({ chosen }) => chosen),
      rejected: rows(({ rejected }) => rejected),
      chosenMask: masks(({ chosen }) => chosen),
      rejectedMask: masks(({ rejected }) => rejected),
    };
  };
}

function requireAnswer(start: number, end: number): void {
  if (start < end) return;
  throw new EmptyCompletionError(
    `An answer begins at token ${start} and the row ends at ${end}: give the data set maxLength, so that it skips such entries.`,
  );
}

function stack(
  items: readonly EncodedPreference[],
  width: number,
  valueAt: (item: EncodedPreference, at: number) => number,
): tf.Tensor2D {
  const values = new Int32Array(items.length * width);
  items.forEach((item, i) => {
    for (let at = 0; at < width; at++) values[i * width + at] = valueAt(item, at);
  });
  return tf.tensor2d(values, [items.length, width], "int32");
}
