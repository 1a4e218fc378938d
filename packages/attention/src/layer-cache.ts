import * as tf from "@tensorflow/tfjs";
import { causalMask } from "./causal-mask.ts";

/** Keys and values, and which of them may be looked at. */
export interface KeysAndValues {
  /** (b, h, keys, d) */
  readonly keys: tf.Tensor4D;
  /** (b, h, keys, d) */
  readonly values: tf.Tensor4D;
  /** (t, keys), added to the scores of t queries; undefined where they may look at every key. */
  readonly mask?: tf.Tensor2D | undefined;
}

/** Where an attention layer leaves its keys and values for the tokens to come. */
export interface AttentionCache {
  /** Number of positions held. */
  readonly length: number;
  /** Adds the keys and values of t new tokens, and returns what these may look at. What is returned stays the cache's. */
  append(keys: tf.Tensor4D, values: tf.Tensor4D): KeysAndValues;
}

/**
 * The keys and values that one attention layer has computed so far, so that the next token need not compute them
 * again (the book's ch04/03_kv-cache). It owns its tensors; `dispose()` frees them.
 */
export class LayerCache implements AttentionCache {
  #keys: tf.Tensor4D | undefined;
  #values: tf.Tensor4D | undefined;

  /** Number of positions held. */
  get length(): number {
    return this.#keys?.shape[2] ?? 0;
  }

  /**
   * Adds the keys and values of new tokens and returns those of all positions. What is returned stays the cache's.
   * @param keys (b, h, t, d)
   * @param values (b, h, t, d)
   * @returns both (b, h, length + t, d)
   */
  append(keys: tf.Tensor4D, values: tf.Tensor4D): KeysAndValues {
    const held = this.#replace(
      this.#keys ? tf.concat([this.#keys, keys], 2) : keys.clone(),
      this.#values ? tf.concat([this.#values, values], 2) : values.clone(),
    );
    const t = keys.shape[2];
    return { ...held, mask: t === 1 ? undefined : causalMask(t, this.length) }; // the last token may see all of them
  }

  /** Applies `change` to the keys and to the values: to reorder rows or cut positions. (b, h, length, d) → same rank. */
  update(change: (held: tf.Tensor4D) => tf.Tensor4D): void {
    if (this.#keys && this.#values) this.#replace(change(this.#keys), change(this.#values));
  }

  /** Forgets everything. */
  dispose(): void {
    tf.dispose([this.#keys, this.#values].filter((held) => held !== undefined));
    this.#keys = undefined;
    this.#values = undefined;
  }

  #replace(keys: tf.Tensor4D, values: tf.Tensor4D): { keys: tf.Tensor4D; values: tf.Tensor4D } {
    this.dispose();
    this.#keys = tf.keep(keys); // survives the tidy of the token loop
    this.#values = tf.keep(values);
    return { keys, values };
  }
}
