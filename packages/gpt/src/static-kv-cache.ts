import { type AttentionCache, causalMask, MASKED } from "@scratch-llm/attention";
import { hostTensor, writeSlice } from "@scratch-llm/nn";
import * as tf from "@tensorflow/tfjs";
import type { GPTConfig } from "./config.ts";
import type { Continuation, ModelCache } from "./kv-cache.ts";

/** Keys and values of one layer, each (rows, h, capacity, d). */
interface Layer {
  readonly keys: tf.Variable<tf.Rank.R4>;
  readonly values: tf.Variable<tf.Rank.R4>;
}

/** Size of a `StaticKVCache`. */
export interface StaticKVCacheOptions {
  readonly rows: number;
  /** Positions that there is room for. */
  readonly capacity: number;
}

/**
 * As `KVCache`, in variables of a fixed size that are written in place, so that a compiled model has the same shapes at
 * every step. A pass writes from position `length` on; whoever makes it sets `length` and `padding` before and after, for
 * a compiled pass runs none of this code again.
 */
export class StaticKVCache implements ModelCache {
  length = 0;
  /** Positions at the start of each row that hold no token. */
  padding: Int32Array;
  #layers: readonly Layer[];

  constructor({ nLayers, nHeads, embDim }: GPTConfig, { rows, capacity }: StaticKVCacheOptions) {
    const empty = (): tf.Tensor4D => tf.zeros([rows, nHeads, capacity, embDim / nHeads]);
    this.#layers = Array.from({ length: nLayers }, () => ({ keys: held(empty()), values: held(empty()) }));
    this.padding = new Int32Array(rows);
  }

  get rows(): number {
    return this.padding.length;
  }

  get capacity(): number {
    return this.#layers[0]?.keys.shape[2] ?? 0;
  }

  /** The padding of each of several rows is read at every pass; a single row has none. */
  continueWith(t: number): Continuation {
    const { rows, capacity } = this;
    const start = hostTensor<tf.Scalar>(() => Int32Array.of(this.length), { shape: [], dtype: "int32" });
    const mask = causalMask(t, capacity, start);
    const positions = tf.range(0, t, 1, "int32").add(start) as tf.Tensor1D;
    const layers = this.#layers.map((layer) => this.#layer(layer, start, mask));
    if (rows === 1) return { positions, keyMask: undefined, layers };
    const padding = hostTensor(() => this.padding, { shape: [rows, 1], dtype: "int32" });
    const hidden = tf.range(0, capacity, 1, "int32").less(padding).cast("float32").mul(MASKED); // (rows, capacity)
    return {
      positions: positions.sub(padding).maximum(tf.scalar(0, "int32")) as tf.Tensor2D,
      keyMask: hidden.expandDims(1) as tf.Tensor3D,
      layers,
    };
  }

  /**
   * Keeps these rows, in this order, without padding that all of them have, and makes room for so many positions. Its
   * variables stay the same where their shape does, and a graph that was compiled for them stays valid.
   */
  resize(rows: Int32Array, capacity: number): void {
    const padding = rows.map((row) => this.padding[row] ?? 0);
    const shed = Math.min(...padding);
    this.padding = padding.map((n) => n - shed);
    this.length -= shed;
    this.#layers = this.#layers.map(({ keys, values }) => ({
      keys: resized(keys, { rows, capacity, shed }),
      values: resized(values, { rows, capacity, shed }),
    }));
  }

  dispose(): void {
    for (const layer of this.#layers) tf.dispose([layer.keys, layer.values]);
  }

  #layer({ keys, values }: Layer, start: tf.Scalar, mask: tf.Tensor2D): AttentionCache {
    return {
      length: this.length,
      append: (newKeys, newValues) => {
        writeSlice(keys, newKeys, { axis: 2, start });
        writeSlice(values, newValues, { axis: 2, start });
        return { keys, values, mask };
      },
    };
  }
}

/** A variable with this value, which it takes over. */
function held(initial: tf.Tensor4D): tf.Variable<tf.Rank.R4> {
  const variable = tf.variable(initial, false);
  initial.dispose();
  return variable;
}

interface Resize {
  readonly rows: Int32Array;
  readonly capacity: number;
  /** Positions to drop at the start. */
  readonly shed: number;
}

function resized(variable: tf.Variable<tf.Rank.R4>, { rows, capacity, shed }: Resize): tf.Variable<tf.Rank.R4> {
  const next = tf.tidy(() => {
    const kept = tf.gather(variable, tf.tensor1d(rows, "int32")).slice([0, 0, shed, 0]);
    return tf.pad(kept, [
      [0, 0],
      [0, 0],
      [0, capacity - kept.shape[2]],
      [0, 0],
    ]);
  });
  if (tf.util.arraysEqual(next.shape, variable.shape)) {
    variable.assign(next);
    next.dispose();
    return variable;
  }
  variable.dispose();
  return held(next);
}
