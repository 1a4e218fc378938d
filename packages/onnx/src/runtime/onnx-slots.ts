import { type AdmittedRow, type SlotDecoder, SlotError, type SlotToken } from "@scratch-llm/gpt";
import type { GPTSession } from "./gpt-session.ts";
import { checkId, checkLength, checkPrompt, type DecoderOptions, readPrompt } from "./read-prompt.ts";

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
 * const { slot, logits } = await slots.admit(tokenizer.encode("Every effort"));
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
   * @throws SlotError when every slot is taken
   * @throws EmptyPromptError, ContextLengthError, TokenIdError when the prompt cannot be read
   */
  async admit(ids: Int32Array): Promise<AdmittedRow> {
    const { config, store } = this.#session;
    checkPrompt(ids, config);
    const slot = Array.from({ length: this.maxSlots }, (_, i) => i).find((i) => !this.#slots.includes(i));
    if (slot === undefined) {
      throw new SlotError(`All ${this.maxSlots} slots hold a row: release one before admitting another.`);
    }
    const row = store.addRow();
    this.#slots.push(slot);
    try {
      return { slot, logits: await readPrompt(this.#session, row, ids, this.#options) };
    } catch (error) {
      this.release(slot);
      throw error;
    }
  }

  /** @throws SlotError when a slot holds no row */
  async step(tokens: readonly SlotToken[]): Promise<Float32Array[]> {
    const { config, store } = this.#session;
    const next = this.#slots.map(() => [0]); // rows that are not named come along and stay as they are
    const rows = tokens.map(({ slot, id }) => {
      const row = this.#slots.indexOf(slot);
      if (row === -1) throw new SlotError(`Slot ${slot} holds no row: admit one first.`);
      checkId(id, config);
      checkLength(store.lengths[row]! + 1, config);
      next[row] = [id];
      return row;
    });
    const named = new Set(rows);
    const logits = await this.#session.append([...this.#slots.keys()], next, (row) => named.has(row));
    return rows.map((row) => logits[row]!);
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
