/** A row that was taken in. */
export interface AdmittedRow {
  /** Names the row until it is released. */
  readonly slot: number;
  /** The logits after its last token, `vocabSize` of them. */
  readonly logits: Float32Array;
}

/** The next token of one row. */
export interface SlotToken {
  readonly slot: number;
  readonly id: number;
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
  /** Takes a row in; `maxSlots` of them at most. */
  admit(ids: Int32Array): Promise<AdmittedRow>;
  /** Appends one token to each of these rows, and to no other: the logits of each, in the order given. */
  step(tokens: readonly SlotToken[]): Promise<Float32Array[]>;
  /** Frees a slot, at any time between two calls. */
  release(slot: number): void;
  /** Frees what it holds. The model stays. */
  dispose(): Promise<void> | void;
}
