import type { Decoder } from "./decoder.ts";
import { checkSlot, type SlotDecoder, type SlotTokens } from "./slot-decoder.ts";

/** How `DecoderSlots` works. */
export interface DecoderSlotsOptions {
  /** Makes the decoder of one slot. */
  readonly create: () => Decoder;
  /** Most rows at a time. Default 8. */
  readonly maxSlots?: number;
}

interface Row {
  readonly decoder: Decoder;
  readonly ids: number[];
}

/**
 * Slots over any kind of `Decoder`, one for each row: rows share the model's weights and nothing else. They advance one
 * after the other, so eight answers take eight times as long as one; a decoder that steps rows of different lengths
 * together is faster.
 *
 * @example
 * const slots = new DecoderSlots({ create: () => new ModelDecoder(model), maxSlots: 4 });
 * const [logits] = await slots.step([{ slot: 0, ids: tokenizer.encode("Every effort") }]);
 */
export class DecoderSlots implements SlotDecoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly maxSlots: number;
  readonly #create: () => Decoder;
  readonly #rows = new Map<number, Row>();

  constructor({ create, maxSlots = 8 }: DecoderSlotsOptions) {
    const decoder = create();
    this.contextLength = decoder.contextLength;
    this.vocabSize = decoder.vocabSize;
    decoder.dispose();
    this.maxSlots = maxSlots;
    this.#create = create;
  }

  /**
   * @throws SlotError when there is no such slot
   * @throws EmptyPromptError, ContextLengthError, TokenIdError as the decoder does; a row that began with it is gone
   */
  async step(tokens: readonly SlotTokens[]): Promise<Float32Array[]> {
    const result: Float32Array[] = [];
    for (const { slot, ids } of tokens) result.push(await this.#append(slot, Array.from(ids)));
    return result;
  }

  async #append(slot: number, ids: readonly number[]): Promise<Float32Array> {
    const row = this.#rows.get(slot) ?? this.#begin(slot);
    const isNew = row.ids.length === 0;
    try {
      const [logits] =
        !isNew && ids.length === 1
          ? await row.decoder.step(Int32Array.from(ids))
          : await row.decoder.prefill([Int32Array.from([...row.ids, ...ids])]); // reads what is new
      row.ids.push(...ids);
      return logits as Float32Array;
    } catch (error) {
      if (isNew) this.release(slot);
      throw error;
    }
  }

  #begin(slot: number): Row {
    checkSlot(slot, this);
    const row = { decoder: this.#create(), ids: [] };
    this.#rows.set(slot, row);
    return row;
  }

  release(slot: number): void {
    this.#rows.get(slot)?.decoder.dispose();
    this.#rows.delete(slot);
  }

  dispose(): void {
    for (const slot of this.#rows.keys()) this.release(slot);
  }
}
