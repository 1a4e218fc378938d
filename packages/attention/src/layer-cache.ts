import * as tf from "@tensorflow/tfjs";

/**
 * The keys and values that one attention layer has computed so far, so that the next token need not compute them
 * again (the book's ch04/03_kv-cache). It owns its tensors; `dispose()` frees them.
 */
export class LayerCache {
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
  append(keys: tf.Tensor4D, values: tf.Tensor4D): { keys: tf.Tensor4D; values: tf.Tensor4D } {
    return this.#replace(
      this.#keys ? tf.concat([this.#keys, keys], 2) : keys.clone(),
      this.#values ? tf.concat([this.#values, values], 2) : values.clone(),
    );
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
