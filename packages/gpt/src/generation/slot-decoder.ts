import { SlotError } from "../errors.ts";

/** The next tokens of one row: a prompt, a part of one, or the token that was picked. */
export interface SlotTokens {
  /** Names the row, from 0 to below `maxSlots`. */
  readonly slot: number;
  readonly ids: ArrayLike<number>;
}

/**
 * What a server asks of a model: rows that come and go while others are in the middle of their answers (continuous
 * batching; Yu et al., Orca, OSDI 2022). Each row has a slot and gives the logits that it would give alone. Calls follow
 * one another: the next one begins when the one before has answered.
 */
export interface SlotDecoder {
  /** Most tokens a row can hold. */
  readonly contextLength: number;
  /** Number of logits per row. */
  readonly vocabSize: number;
  /** Most rows at a time. */
  readonly maxSlots: number;
  /**
   * Appends tokens to each of these rows, and to no other; a slot that is free begins a row with them. The logits after each
   * row's last token, in the order given, are good until the next call.
   */
  step(tokens: readonly SlotTokens[]): Promise<Float32Array[]>;
  /** Frees a slot, at any time between two calls. */
  release(slot: number): void;
  /** Frees what it holds. The model stays. */
  dispose(): Promise<void> | void;
}

/** @throws SlotError when the decoder has no such slot */
export function checkSlot(slot: number, { maxSlots }: Pick<SlotDecoder, "maxSlots">): void {
  if (slot >= 0 && slot < maxSlots) return;
  throw new SlotError(`There is no slot ${slot}: they are numbered from 0 to ${maxSlots - 1}.`);
}
