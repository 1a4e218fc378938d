import { withoutDropout } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { GPTModel } from "../gpt-model.ts";
import { KVCache } from "../kv-cache.ts";
import { checkIds, checkLength, sharedStart } from "./check-rows.ts";
import type { Decoder } from "./decoder.ts";

/** How a `ModelDecoder` works. */
export interface ModelDecoderOptions {
  /** Keep keys and values from step to step. Default true; without, every step reads its rows from the start. */
  readonly useCache?: boolean | undefined;
  /** Prompts are read this many tokens at a time, which bounds the memory of their attention weights. Default 512. */
  readonly chunkSize?: number | undefined;
}

/**
 * Decodes with a `GPTModel`. Rows of different lengths are padded on the left, and each gives the logits it would give
 * alone. A single row that begins like the one before keeps what was computed for it, so a chat reads only what is new.
 */
export class ModelDecoder implements Decoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly #model: GPTModel;
  readonly #useCache: boolean;
  readonly #chunkSize: number;
  #cache: KVCache;
  /** The tokens that the cache has seen. */
  #rows: number[][] = [];

  constructor(model: GPTModel, { useCache = true, chunkSize = 512 }: ModelDecoderOptions = {}) {
    this.contextLength = model.config.contextLength;
    this.vocabSize = model.config.vocabSize;
    this.#model = model;
    this.#useCache = useCache;
    this.#chunkSize = chunkSize;
    this.#cache = new KVCache(model.config.nLayers);
  }

  /**
   * @throws EmptyPromptError when a row has no token
   * @throws ContextLengthError when a row is longer than the context
   * @throws TokenIdError when a token is not in the vocabulary
   */
  async prefill(rows: readonly ArrayLike<number>[]): Promise<Float32Array[]> {
    const longest = Math.max(...rows.map((row) => row.length));
    checkLength(longest, this);
    for (const row of rows) checkIds(row, this);
    const known = this.#useCache ? sharedStart(rows, this.#rows) : 0;
    const padding = Int32Array.from(rows, (row) => longest - row.length);
    if (known > 0) this.#cache.truncate(known);
    else this.#startCache(padding);
    this.#rows = rows.map((row) => Array.from(row));
    return this.#read(this.#rows.map((row) => padLeft(row, longest).slice(known)));
  }

  /**
   * @throws ContextLengthError when a row is full already
   * @throws TokenIdError when a token is not in the vocabulary
   */
  async step(ids: Int32Array): Promise<Float32Array[]> {
    const columns = Array.from(ids, (id) => [id]);
    if (!this.#useCache) return this.prefill(this.#rows.map((row, i) => [...row, ...(columns[i] ?? [])]));
    checkLength(this.#cache.length + 1, this);
    checkIds(ids, this);
    for (const [i, row] of this.#rows.entries()) row.push(ids[i] ?? 0);
    return this.#read(columns);
  }

  async select(rows: Int32Array): Promise<void> {
    this.#rows = Array.from(rows, (row) => [...(this.#rows[row] ?? [])]);
    this.#cache.select(rows);
  }

  async truncate(n: number): Promise<void> {
    for (const row of this.#rows) row.splice(n);
    this.#cache.truncate(n);
  }

  dispose(): void {
    this.#startCache();
    this.#rows = [];
  }

  /** Passes new tokens, the same number for every row, through the model: the logits after the last one. */
  async #read(rows: readonly number[][]): Promise<Float32Array[]> {
    const length = rows[0]?.length ?? 0;
    let logits: tf.Tensor | undefined;
    for (let start = 0; start < length; start += this.#chunkSize) {
      logits?.dispose();
      const chunk = rows.map((row) => row.slice(start, start + this.#chunkSize));
      logits = withoutDropout(this.#model, () =>
        tf.tidy(() => {
          const ids = tf.tensor2d(chunk, [rows.length, chunk[0]?.length ?? 0], "int32");
          return this.#model.forward(ids, { cache: this.#cache, lastOnly: true }); // (rows, 1, vocabSize)
        }),
      );
    }
    const values = (await logits?.data()) as Float32Array;
    logits?.dispose();
    if (!this.#useCache) this.#startCache();
    return rows.map((_, i) => values.slice(i * this.vocabSize, (i + 1) * this.vocabSize));
  }

  #startCache(padding?: Int32Array): void {
    this.#cache.dispose();
    this.#cache = new KVCache(this.#model.config.nLayers, { padding });
  }
}

function padLeft(row: readonly number[], length: number): number[] {
  return [...Array.from({ length: length - row.length }, () => 0), ...row];
}
