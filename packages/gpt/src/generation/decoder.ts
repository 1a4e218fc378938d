/**
 * What generation asks of a model, whatever runs it: a `GPTModel`, a compiled one, an ONNX session. A decoder holds rows of
 * tokens and answers with the logits after each row's last token, one Float32Array of `vocabSize` per row.
 */
export interface Decoder {
  /** Most tokens a row can hold. */
  readonly contextLength: number;
  /** Number of logits per row. */
  readonly vocabSize: number;
  /** Replaces the rows by these, which may differ in length. */
  prefill(rows: readonly Int32Array[]): Promise<Float32Array[]>;
  /** Appends one token to every row. */
  step(ids: Int32Array): Promise<Float32Array[]>;
  /** Keeps these rows, in this order; one may be named twice or not at all. */
  select(rows: Int32Array): Promise<void>;
  /** Keeps the first `n` tokens of every row. */
  truncate(n: number): Promise<void>;
  /** Frees what it holds. The model stays. */
  dispose(): void;
}
