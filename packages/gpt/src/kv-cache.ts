import { type AttentionCache, LayerCache, MASKED } from "@scratch-llm/attention";
import * as tf from "@tensorflow/tfjs";

/** What a model needs to read the next tokens. */
export interface Continuation {
  /** Positions of the tokens, int32: (t), or (b, t) where rows begin at different places. */
  readonly positions: tf.Tensor1D | tf.Tensor2D;
  /** Hides padding: (b, 1, keys), added to the scores. */
  readonly keyMask: tf.Tensor3D | undefined;
  /** Where each block leaves its keys and values. */
  readonly layers: readonly AttentionCache[];
}

/** What a model has computed for the tokens so far. */
export interface ModelCache {
  /** Number of positions held, padding included. */
  readonly length: number;
  /** Goes on with `t` more tokens for every row. */
  continueWith(t: number): Continuation;
}

/**
 * The keys and values of every block for the tokens seen so far (the book's ch04/03_kv-cache). Hand the same cache to
 * each `model.forward` and pass only the new tokens. Rows of different lengths are padded on the left. `dispose()` it.
 */
export class KVCache implements ModelCache {
  readonly layers: readonly LayerCache[];
  /** Padding at the start of each row, in positions; undefined when no row has any. */
  #padding: Int32Array | undefined;

  constructor(nLayers: number, { padding }: { padding?: Int32Array | undefined } = {}) {
    this.layers = Array.from({ length: nLayers }, () => new LayerCache());
    this.#padding = padding?.some((n) => n > 0) ? padding : undefined;
  }

  /** Number of positions held, padding included. */
  get length(): number {
    return this.layers[0]?.length ?? 0;
  }

  continueWith(t: number): Continuation {
    return { positions: this.#positions(t), keyMask: this.#keyMask(t), layers: this.layers };
  }

  /** Keeps these rows, in this order; a row may be named twice (beam search) or not at all (it has ended). */
  select(rows: Int32Array): void {
    const padding = this.#padding;
    tf.tidy(() => {
      const indices = tf.tensor1d(rows, "int32");
      this.#update((held) => tf.gather(held, indices));
    });
    this.#padding = padding && rows.map((row) => padding[row] ?? 0);
    this.truncate(this.length); // the longest row may have gone, and with it the need for some padding
  }

  /** Forgets all but the first `n` tokens of every row. */
  truncate(n: number): void {
    const padding = this.#padding;
    if (!padding) {
      if (n < this.length) this.#update((held) => tf.slice(held, [0, 0, 0, 0], [-1, -1, n, -1]));
      return;
    }
    const kept = padding.map((pad) => Math.min(n, this.length - pad)); // tokens of each row
    const longest = Math.max(...kept);
    const left = kept.map((tokens) => longest - tokens);
    if (longest === this.length) return;
    tf.tidy(() =>
      this.#update((held) => {
        const rows = Array.from(padding, (pad, row) => {
          const tokens = tf.slice(held, [row, 0, pad, 0], [1, -1, kept[row] ?? 0, -1]);
          return tf.pad(tokens, [
            [0, 0],
            [0, 0],
            [left[row] ?? 0, 0],
            [0, 0],
          ]);
        });
        return tf.concat(rows, 0);
      }),
    );
    this.#padding = left.some((pad) => pad > 0) ? left : undefined;
  }

  /** Forgets everything and frees the memory. */
  dispose(): void {
    for (const layer of this.layers) layer.dispose();
  }

  #positions(t: number): tf.Tensor1D | tf.Tensor2D {
    const start = this.length;
    if (!this.#padding) return tf.range(start, start + t, 1, "int32");
    const rows = Array.from(this.#padding, (n) => Int32Array.from({ length: t }, (_, i) => Math.max(0, start + i - n)));
    return tf.tensor2d(rows as unknown as number[][], [rows.length, t], "int32");
  }

  #keyMask(t: number): tf.Tensor3D | undefined {
    if (!this.#padding) return undefined;
    const keys = this.length + t;
    const values = new Float32Array(this.#padding.length * keys);
    this.#padding.forEach((n, row) => values.fill(MASKED, row * keys, row * keys + n));
    return tf.tensor3d(values, [this.#padding.length, 1, keys]);
  }

  #update(change: (held: tf.Tensor4D) => tf.Tensor4D): void {
    for (const layer of this.layers) layer.update(change);
  }
}
