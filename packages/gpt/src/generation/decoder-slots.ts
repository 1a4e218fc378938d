import { SlotError } from "../errors.ts";
import type { Decoder } from "./decoder.ts";
import type { AdmittedRow, SlotDecoder, SlotToken } from "./slot-decoder.ts";

/** How `DecoderSlots` works. */
export interface DecoderSlotsOptions {
  /** Makes the decoder of one slot. */
  readonly create: () => Decoder;
  /** Most rows at a time. Default 8. */
  readonly maxSlots?: number;
}

/**
 * Slots over any kind of `Decoder`, one for each row: rows share the model's weights and nothing else. They advance one
 * after the other, so eight answers take eight times as long as one; a decoder that steps rows of different lengths
 * together is faster.
 *
 * @example
 * const slots = new DecoderSlots({ create: () => new ModelDecoder(model), maxSlots: 4 });
 * const { slot, logits } = await slots.admit(tokenizer.encode("Every effort"));
 */
export class DecoderSlots implements SlotDecoder {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly maxSlots: number;
  readonly #create: () => Decoder;
  readonly #decoders = new Map<number, Decoder>();

  constructor({ create, maxSlots = 8 }: DecoderSlotsOptions) {
    const decoder = create();
    this.contextLength = decoder.contextLength;
    this.vocabSize = decoder.vocabSize;
    decoder.dispose();
    this.maxSlots = maxSlots;
    this.#create = create;
  }

  /**
   * @throws SlotError when every slot is taken
   * @throws EmptyPromptError, ContextLengthError, TokenIdError as the decoder does
   */
  async admit(ids: Int32Array): Promise<AdmittedRow> {
    const slot = this.#freeSlot();
    const decoder = this.#create();
    this.#decoders.set(slot, decoder);
    try {
      const [logits] = await decoder.prefill([ids]);
      return { slot, logits: logits as Float32Array };
    } catch (error) {
      this.release(slot);
      throw error;
    }
  }

  /** @throws SlotError when a slot holds no row */
  async step(tokens: readonly SlotToken[]): Promise<Float32Array[]> {
    const result: Float32Array[] = [];
    for (const { slot, id } of tokens) {
      const decoder = this.#decoders.get(slot);
      if (!decoder) throw new SlotError(`Slot ${slot} holds no row: admit one first.`);
      const [logits] = await decoder.step(Int32Array.of(id));
      result.push(logits as Float32Array);
    }
    return result;
  }

  release(slot: number): void {
    this.#decoders.get(slot)?.dispose();
    this.#decoders.delete(slot);
  }

  dispose(): void {
    for (const slot of this.#decoders.keys()) this.release(slot);
  }

  #freeSlot(): number {
    for (let slot = 0; slot < this.maxSlots; slot++) if (!this.#decoders.has(slot)) return slot;
    throw new SlotError(`All ${this.maxSlots} slots hold a row: release one before admitting another.`);
  }
}
