import { checkIds, checkLength, type Decoder, sharedStart } from "@scratch-llm/gpt";
import type { GPTSession } from "./gpt-session.ts";
import { type DecoderOptions, readPrompts } from "./read-prompt.ts";

/**
 * Decodes with ONNX Runtime. Rows may differ in length, and each gives the logits it would give alone. A single row that
 * begins like the one before keeps what was computed for it, so a chat reads only what is new.
 *
 * @example
 * const session = await openOnnxModel("deploy/mine"); // from @scratch-llm/onnx/node
 * for await (const { text } of generate(new OnnxDecoder(session), prompt, { tokenizer })) process.stdout.write(text);
 */
export class OnnxDecoder implements Decoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly #session: GPTSession;
  readonly #options: DecoderOptions;
  /** The tokens of each row. */
  #rows: number[][] = [];

  /** @param session used by nobody else until `dispose`, which does not close it */
  constructor(session: GPTSession, options: DecoderOptions = {}) {
    this.contextLength = session.config.contextLength;
    this.vocabSize = session.config.vocabSize;
    this.#session = session;
    this.#options = options;
  }

  /**
   * @throws EmptyPromptError when a row has no token
   * @throws ContextLengthError when a row is longer than the context
   * @throws TokenIdError when a token is not in the vocabulary
   */
  async prefill(rows: readonly Int32Array[]): Promise<Float32Array[]> {
    const { store } = this.#session;
    for (const row of rows) {
      checkIds(row, this);
      checkLength(row.length, this);
    }
    const known = sharedStart(rows, this.#rows);
    if (known > 0) await this.truncate(known);
    else this.dispose();
    const isSame = (a: Int32Array, b: Int32Array): boolean => a.length === b.length && a.every((id, i) => id === b[i]);
    const places = rows.map((row) => rows.findIndex((other) => isSame(row, other))); // equal prompts are read once
    const read = [...new Set(places)];
    while (store.lengths.length < read.length) store.addRow();
    const unread = read.map((place) => rows[place]!.subarray(known));
    const logits = await readPrompts(this.#session, [...read.keys()], unread, this.#options);
    if (read.length < rows.length) store.select(places.map((place) => read.indexOf(place)));
    this.#rows = rows.map((row) => Array.from(row));
    return places.map((place) => logits[read.indexOf(place)]!.slice());
  }

  /**
   * @throws ContextLengthError when a row is full already
   * @throws TokenIdError when a token is not in the vocabulary
   */
  async step(ids: Int32Array): Promise<Float32Array[]> {
    this.#options.signal?.throwIfAborted();
    checkIds(ids, this);
    checkLength(Math.max(...this.#session.store.lengths) + 1, this);
    const tokens = Array.from(ids, (id) => [id]);
    const logits = await this.#session.append([...this.#rows.keys()], tokens);
    for (const [i, row] of this.#rows.entries()) row.push(ids[i]!);
    return logits;
  }

  async select(rows: Int32Array): Promise<void> {
    this.#session.store.select(rows);
    this.#rows = Array.from(rows, (row) => [...this.#rows[row]!]);
  }

  async truncate(n: number): Promise<void> {
    const { lengths } = this.#session.store;
    for (const [i, row] of this.#rows.entries()) {
      row.splice(n);
      lengths[i] = row.length;
    }
  }

  dispose(): void {
    this.#session.store.clear();
    this.#rows = [];
  }
}
