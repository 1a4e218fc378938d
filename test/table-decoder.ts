import type { Decoder } from "@scratch-llm/gpt";

/** A language model whose next token depends on the last one only: row i of the table holds the logits after token i. */
export class TableDecoder implements Decoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly #table: readonly (readonly number[])[];
  rows: number[][] = [];
  /** What was asked of it, in order. */
  readonly calls: string[] = [];

  constructor(table: readonly (readonly number[])[], contextLength: number = 1000) {
    this.#table = table;
    this.contextLength = contextLength;
    this.vocabSize = table.length;
  }

  async prefill(rows: readonly Int32Array[]): Promise<Float32Array[]> {
    this.calls.push(`prefill ${rows.map((row) => row.join(" ")).join(" | ")}`);
    this.rows = rows.map((row) => [...row]);
    return this.#logits();
  }

  async step(ids: Int32Array): Promise<Float32Array[]> {
    if (ids.length !== this.rows.length) throw new Error(`${ids.length} tokens for ${this.rows.length} rows`);
    this.calls.push(`step ${ids.join(" ")}`);
    for (const [i, row] of this.rows.entries()) row.push(ids[i] as number);
    return this.#logits();
  }

  async select(rows: Int32Array): Promise<void> {
    this.calls.push(`select ${rows.join(" ")}`);
    this.rows = Array.from(rows, (row) => [...(this.rows[row] as number[])]);
  }

  async truncate(n: number): Promise<void> {
    this.rows = this.rows.map((row) => row.slice(0, n));
  }

  dispose(): void {
    this.calls.push("dispose");
  }

  #logits(): Float32Array[] {
    return this.rows.map((row) => {
      if (row.length > this.contextLength)
        throw new Error(`${row.length} tokens in a context of ${this.contextLength}`);
      return Float32Array.from(this.#table[row.at(-1) as number] as number[]);
    });
  }
}
