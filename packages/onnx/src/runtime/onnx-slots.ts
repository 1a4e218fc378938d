import { checkIds, checkLength, checkSlot, type SlotDecoder, type SlotTokens } from "@scratch-llm/gpt";
import type { GPTSession } from "./gpt-session.ts";
import { type DecoderOptions, readPrompt } from "./read-prompt.ts";

/** How `OnnxSlots` works. */
export interface OnnxSlotsOptions extends DecoderOptions {
  /** Most rows at a time. Default 8. */
  readonly maxSlots?: number | undefined;
}

/**
 * Rows that come and go, for a server: those that are there advance together in one pass, whatever their lengths.
 *
 * @example
 * const slots = new OnnxSlots(await openOnnxModel("deploy/mine"), { maxSlots: 16 });
 * const [logits] = await slots.step([{ slot: 0, ids: tokenizer.encode("Every effort") }]);
 */
export class OnnxSlots implements SlotDecoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly maxSlots: number;
  readonly #session: GPTSession;
  readonly #options: DecoderOptions;
  /** The slot of each row; rows follow one another without a gap. */
  readonly #slots: number[] = [];

  /** @param session used by nobody else until `dispose`, which does not close it */
  constructor(session: GPTSession, { maxSlots = 8, ...options }: OnnxSlotsOptions = {}) {
    this.contextLength = session.config.contextLength;
    this.vocabSize = session.config.vocabSize;
    this.maxSlots = maxSlots;
    this.#session = session;
    this.#options = options;
    session.store.clear();
  }

  /**
   * Reads prompts one after the other, and appends to all rows that get one token in one pass.
   *
   * @throws SlotError when there is no such slot
   * @throws EmptyPromptError, ContextLengthError, TokenIdError when tokens cannot be appended; then none are
   */
  async step(tokens: readonly SlotTokens[]): Promise<Float32Array[]> {
    for (const one of tokens) this.#check(one);
    const rows = tokens.map(({ slot }) => this.#row(slot));
    const logits: Float32Array[] = [];
    const next = this.#slots.map(() => [0]); // rows that get nothing now come along and stay as they are
    const growing = new Set<number>();
    for (const [i, { ids }] of tokens.entries()) {
      const row = rows[i]!;
      if (ids.length > 1) {
        logits[i] = await readPrompt(this.#session, row, ids, this.#options);
      } else {
        next[row] = [ids[0]!];
        growing.add(row);
      }
    }
    if (growing.size === 0) return logits;
    const ofRow = await this.#session.append([...next.keys()], next, (row) => growing.has(row));
    return rows.map((row, i) => logits[i] ?? ofRow[row]!);
  }

  #check({ slot, ids }: SlotTokens): void {
    checkSlot(slot, this);
    checkIds(ids, this);
    checkLength((this.#session.store.lengths[this.#slots.indexOf(slot)] ?? 0) + ids.length, this);
  }

  /** The row of a slot; a new one where it was free. */
  #row(slot: number): number {
    const row = this.#slots.indexOf(slot);
    if (row !== -1) return row;
    this.#slots.push(slot);
    return this.#session.store.addRow();
  }

  release(slot: number): void {
    const row = this.#slots.indexOf(slot);
    if (row === -1) return;
    this.#session.store.removeRow(row);
    const last = this.#slots.pop()!;
    if (row < this.#slots.length) this.#slots[row] = last;
  }

  dispose(): void {
    this.#slots.length = 0;
    this.#session.store.clear();
  }
}
