import { type Compile, hostTensor, withoutDropout } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { GPTModel } from "../gpt-model.ts";
import { StaticKVCache } from "../static-kv-cache.ts";
import { checkIds, checkLength, sharedStart } from "./check-rows.ts";
import type { Decoder } from "./decoder.ts";

/** How a `CompiledDecoder` works. */
export interface CompiledDecoderOptions {
  /** The step compiler, such as that of `@scratch-llm/backend`. */
  readonly compile: Compile;
  /** Prompts are read so many tokens at a time at most. Default 512. */
  readonly chunkSize?: number | undefined;
  /**
   * A pass of some shape is compiled once it has been made so often: before, that would cost more than it saves.
   * Default 4.
   */
  readonly warmup?: number | undefined;
}

/** The smallest cache; it grows by this factor, as every size is compiled for itself. */
const CAPACITY = 256;
const GROWTH = 4;
/** The fewest tokens that a compiled pass over a prompt reads. */
const SMALLEST_CHUNK = 16;

type Pass = (ids: tf.Tensor2D) => tf.Tensor2D;

/**
 * Decodes with a `GPTModel` that is compiled: a step is one call of one graph, which writes keys and values in place, and
 * so is a prompt of up to `chunkSize` tokens. It answers as `ModelDecoder` does.
 *
 * @example
 * const decoder = new CompiledDecoder(model, { compile });
 * for await (const { text } of generate(decoder, prompt, { tokenizer })) process.stdout.write(text);
 */
export class CompiledDecoder implements Decoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly #model: GPTModel;
  readonly #compile: Compile;
  readonly #chunkSize: number;
  readonly #warmup: number;
  /** How often each shape has been read. */
  readonly #uses: Map<string, number> = new Map();
  #compiled: (Pass & { dispose?(): void }) | undefined;
  #cache: StaticKVCache | undefined;
  /** The tokens of every row, and which row of the cache it has. */
  #rows: { readonly ids: number[]; readonly slot: number }[] = [];
  /** Whether the cache does not hold what the rows say, so that they must be read again. */
  #stale = false;
  /** Which of the tokens of a pass the logits are wanted for. */
  #wanted = 0;

  constructor(model: GPTModel, { compile, chunkSize = 512, warmup = 4 }: CompiledDecoderOptions) {
    this.contextLength = model.config.contextLength;
    this.vocabSize = model.config.vocabSize;
    this.#model = model;
    this.#compile = compile;
    this.#chunkSize = chunkSize;
    this.#warmup = warmup;
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
    const before = this.#rows.map(({ ids }) => ids);
    const known = this.#stale || (this.#cache?.padding[0] ?? 0) > 0 ? 0 : sharedStart(rows, before);
    const cache = this.#cacheFor(rows.length, longest);
    cache.padding = Int32Array.from(rows, (row) => longest - row.length);
    this.#rows = rows.map((row, slot) => ({ ids: Array.from(row), slot }));
    this.#stale = false;
    return this.#read(cache, known, longest);
  }

  /**
   * @throws ContextLengthError when a row is full already
   * @throws TokenIdError when a token is not in the vocabulary
   */
  async step(ids: Int32Array): Promise<Float32Array[]> {
    checkLength(1 + Math.max(...this.#rows.map((row) => row.ids.length)), this);
    checkIds(ids, this);
    for (const [i, row] of this.#rows.entries()) row.ids.push(ids[i] ?? 0);
    if (this.#stale) return this.prefill(this.#rows.map((row) => row.ids));
    if (this.#cache?.length === this.contextLength) this.#compact(); // the longest rows have gone
    const length = 1 + (this.#cache?.length ?? 0);
    return this.#read(this.#cacheFor(this.#cache?.rows ?? 0, length), length - 1, length);
  }

  async select(rows: Int32Array): Promise<void> {
    const old = this.#rows;
    const kept = Array.from(rows, (row) => old[row] as (typeof old)[number]);
    // Rows that have ended go on for a while with nobody looking: another number of rows is another graph.
    const isDistinct = new Set(kept).size === kept.length;
    const fits = isDistinct && 2 * kept.length > (this.#cache?.rows ?? 0);
    this.#rows = kept.map(({ ids, slot }) => ({ ids: [...ids], slot }));
    if (!fits) this.#compact();
  }

  async truncate(n: number): Promise<void> {
    const cache = this.#cache;
    const isPadded = this.#rows.some(({ slot }) => (cache?.padding[slot] ?? 0) > 0);
    for (const { ids } of this.#rows) ids.splice(n);
    if (isPadded) this.#stale = true;
    else if (cache) cache.length = Math.min(n, cache.length);
  }

  dispose(): void {
    this.#compiled?.dispose?.();
    this.#compiled = undefined;
    this.#cache?.dispose();
    this.#cache = undefined;
    this.#rows = [];
  }

  /** Gives every row its own place in the cache, and those that have none no place. */
  #compact(): void {
    const slots = Int32Array.from(this.#rows, ({ slot }) => slot);
    this.#cache?.resize(slots, this.#cache.capacity);
    this.#rows = this.#rows.map(({ ids }, slot) => ({ ids, slot }));
  }

  /** Reads the positions from `from` to `to`: the logits of every row after the last of them. */
  async #read(cache: StaticKVCache, from: number, to: number): Promise<Float32Array[]> {
    let logits: tf.Tensor | undefined;
    for (let start = from; start < to; start += this.#chunkSize) {
      logits?.dispose();
      logits = this.#pass(cache, start, Math.min(to, start + this.#chunkSize));
    }
    const values = (await logits?.data()) as Float32Array;
    logits?.dispose();
    return this.#rows.map(({ slot }) => values.slice(slot * this.vocabSize, (slot + 1) * this.vocabSize));
  }

  /** One pass through the model. A compiled one may read more: known tokens before, or nothing of importance behind. */
  #pass(cache: StaticKVCache, from: number, to: number): tf.Tensor2D {
    const count = to - from;
    const size = Math.min(count === 1 ? 1 : Math.max(SMALLEST_CHUNK, 2 ** Math.ceil(Math.log2(count))), cache.capacity);
    const isCompiled = this.#isWarm(`${cache.rows} ${size} ${cache.capacity}`);
    const t = isCompiled ? size : count;
    const start = Math.min(from, cache.capacity - t);
    cache.length = start;
    this.#wanted = to - 1 - start;
    const ids = tf.tensor2d(this.#columns(cache, start, t), [cache.rows, t], "int32");
    const logits = tf.tidy(() => (isCompiled ? this.#compiledPass(ids) : this.#forward(ids)));
    ids.dispose();
    cache.length = to;
    return logits;
  }

  #isWarm(shape: string): boolean {
    const uses = this.#uses.get(shape) ?? 0;
    this.#uses.set(shape, uses + 1);
    return uses >= this.#warmup;
  }

  get #compiledPass(): Pass {
    this.#compiled ??= this.#compile((ids: tf.Tensor2D) => this.#forward(ids), { name: "decode" });
    return this.#compiled;
  }

  #forward(ids: tf.Tensor2D): tf.Tensor2D {
    const only = hostTensor<tf.Scalar>(() => Int32Array.of(this.#wanted), { shape: [], dtype: "int32" });
    const cache = this.#cache as StaticKVCache;
    const logits = withoutDropout(this.#model, () => this.#model.forward(ids, { cache, only }));
    return logits.reshape([ids.shape[0], this.vocabSize]);
  }

  /** The tokens at `t` positions of every row of the cache; 0 where there is none. */
  #columns(cache: StaticKVCache, start: number, t: number): Int32Array {
    const columns = new Int32Array(cache.rows * t);
    for (const { ids, slot } of this.#rows) {
      const first = start - (cache.padding[slot] ?? 0);
      for (let i = 0; i < t; i++) columns[slot * t + i] = ids[first + i] ?? 0;
    }
    return columns;
  }

  /** The cache, with so many rows and room for so many positions. */
  #cacheFor(rows: number, positions: number): StaticKVCache {
    let capacity = CAPACITY;
    while (capacity < positions) capacity *= GROWTH;
    capacity = Math.min(capacity, this.contextLength);
    const cache = this.#cache;
    if (cache?.rows === rows) {
      if (cache.capacity < capacity)
        cache.resize(
          Int32Array.from({ length: rows }, (_, i) => i),
          capacity,
        );
      return cache;
    }
    cache?.dispose();
    this.#cache = new StaticKVCache(this.#model.config, { rows, capacity });
    return this.#cache;
  }
}
