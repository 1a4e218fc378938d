/** Shape of what attention keeps. */
export interface CacheShape {
  readonly nLayers: number;
  readonly nHeads: number;
  readonly headDim: number;
}

/** Places are made this many at a time. */
const PLACES = 64;

/**
 * Keys and values of rows that grow on their own. Per layer one array of keys (rows, heads, headDim, places) and one of values
 * (rows, heads, places, headDim): some rows after one another are a view of it that ONNX Runtime takes without a copy, and a row can
 * join, leave or grow without touching another. A row's tokens begin at place 0; what lies behind its length is nobody's.
 */
export class KeyValueStore {
  readonly #shape: CacheShape;
  #keys: Float32Array[];
  #values: Float32Array[];
  #places = PLACES;
  /** Tokens of each row. */
  readonly lengths: number[] = [];

  constructor(shape: CacheShape) {
    this.#shape = shape;
    this.#keys = Array.from({ length: shape.nLayers }, () => new Float32Array(0));
    this.#values = [...this.#keys];
  }

  /** Tokens that a row has room for; every row has as many places. */
  get places(): number {
    return this.#places;
  }

  /** Numbers of one row in one layer's keys. */
  get #rowSize(): number {
    return this.#shape.nHeads * this.#shape.headDim * this.#places;
  }

  /** The keys of `count` rows from the `start`th on. */
  keys(layer: number, start: number, count: number): Float32Array {
    return this.#keys[layer]!.subarray(start * this.#rowSize, (start + count) * this.#rowSize);
  }

  /** The values of `count` rows from the `start`th on. */
  values(layer: number, start: number, count: number): Float32Array {
    return this.#values[layer]!.subarray(start * this.#rowSize, (start + count) * this.#rowSize);
  }

  /** Adds an empty row: its number. */
  addRow(): number {
    this.lengths.push(0);
    this.#reserve(this.lengths.length, this.#places);
    return this.lengths.length - 1;
  }

  /** Removes a row; the last one takes its number. */
  removeRow(row: number): void {
    const last = this.lengths.length - 1;
    if (row !== last) this.copyRow(last, row);
    this.lengths.pop();
  }

  /** Makes one row what another is. */
  copyRow(from: number, to: number): void {
    const size = this.#rowSize;
    for (const array of [...this.#keys, ...this.#values]) array.copyWithin(to * size, from * size, (from + 1) * size);
    this.lengths[to] = this.lengths[from]!;
  }

  /** Keeps these rows, in this order; one may be named twice or not at all. */
  select(rows: ArrayLike<number>): void {
    const size = this.#rowSize;
    const pick = (old: Float32Array): Float32Array => {
      const picked = new Float32Array(rows.length * size);
      for (let i = 0; i < rows.length; i++) picked.set(old.subarray(rows[i]! * size, (rows[i]! + 1) * size), i * size);
      return picked;
    };
    for (let layer = 0; layer < this.#shape.nLayers; layer++) {
      this.#keys[layer] = pick(this.#keys[layer]!);
      this.#values[layer] = pick(this.#values[layer]!);
    }
    this.lengths.splice(0, Number.POSITIVE_INFINITY, ...Array.from(rows, (row) => this.lengths[row]!));
  }

  /** Forgets all rows and gives the memory back. */
  clear(): void {
    this.lengths.length = 0;
    this.#places = PLACES;
    this.#keys.fill(new Float32Array(0));
    this.#values.fill(new Float32Array(0));
  }

  /** Makes room for `count` more tokens in these rows. Gives places back when the rows that needed them have gone. */
  makeRoom(rows: readonly number[], count: number): void {
    const needed = Math.max(...this.lengths, ...rows.map((row) => this.lengths[row]! + count));
    const places = Math.ceil(needed / PLACES) * PLACES;
    if (places > this.#places || places <= this.#places / 2) this.#reserve(this.lengths.length, places);
  }

  /**
   * Puts new tokens behind a row's own.
   *
   * @param keys one layer's new keys (rows, heads, headDim, count)
   * @param values one layer's new values (rows, heads, count, headDim)
   * @param source the row among the new ones
   */
  write(layer: number, row: number, { keys, values, source, count }: NewTokens): void {
    const { nHeads, headDim } = this.#shape;
    const places = this.#places;
    const length = this.lengths[row]!;
    const [toKeys, toValues] = [this.#keys[layer]!, this.#values[layer]!];
    for (let i = 0; i < nHeads * headDim; i++) {
      const from = (source * nHeads * headDim + i) * count;
      const to = (row * nHeads * headDim + i) * places + length;
      if (count === 1) toKeys[to] = keys[from]!;
      else toKeys.set(keys.subarray(from, from + count), to);
    }
    for (let head = 0; head < nHeads; head++) {
      const from = (source * nHeads + head) * count * headDim;
      const to = ((row * nHeads + head) * places + length) * headDim;
      toValues.set(values.subarray(from, from + count * headDim), to);
    }
  }

  /** Arrays for at least so many rows of so many places, with what the rows hold. */
  #reserve(rows: number, places: number): void {
    const { nLayers, nHeads, headDim } = this.#shape;
    const held = this.#keys[0]!.length / this.#rowSize;
    if (rows <= held && places === this.#places) return;
    const size = (rows <= held ? rows : Math.max(rows, 2 * held)) * nHeads * headDim * places;
    const move = (old: Float32Array, runs: number, run: number, newRun: number): Float32Array => {
      const moved = new Float32Array(size);
      if (run === newRun) moved.set(old.subarray(0, size));
      else for (let i = 0; i < runs; i++) moved.set(old.subarray(i * run, i * run + Math.min(run, newRun)), i * newRun);
      return moved;
    };
    const heads = Math.min(rows, held) * nHeads;
    for (let layer = 0; layer < nLayers; layer++) {
      this.#keys[layer] = move(this.#keys[layer]!, heads * headDim, this.#places, places);
      this.#values[layer] = move(this.#values[layer]!, heads, this.#places * headDim, places * headDim);
    }
    this.#places = places;
  }
}

/** What a pass through the model gives for one layer. */
export interface NewTokens {
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** The row among those of the pass. */
  readonly source: number;
  /** Tokens per row. */
  readonly count: number;
}
