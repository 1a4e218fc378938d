import { type GPTModelFast, ModelDecoder } from "@scratch-llm/gpt";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { EngineFault } from "../fault.ts";
import type { ModelInfo } from "../protocol.ts";

/** A loaded model, in evaluation mode. */
export interface Shelved {
  readonly info: ModelInfo;
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  /** Keeps what it has read of a chat, for the next turn. */
  readonly decoder: ModelDecoder;
}

/** The loaded models by the page's names for them. One that is being loaded is waited for. */
export class Shelf {
  readonly #models: Map<string, Promise<Shelved>> = new Map();

  /** Puts a model under a name; one that had it is disposed of. */
  async put(name: string, loading: Promise<Omit<Shelved, "decoder">>): Promise<Shelved> {
    const former = this.#models.get(name);
    const shelved = loading.then((loaded) => ({ ...loaded, decoder: new ModelDecoder(loaded.model) }));
    this.#models.set(name, shelved);
    try {
      return await shelved;
    } catch (error) {
      if (this.#models.get(name) === shelved) this.#models.delete(name);
      throw error;
    } finally {
      await former?.then(dispose, () => {});
    }
  }

  /** @throws EngineFault `MODEL_UNKNOWN` */
  async get(name: string): Promise<Shelved> {
    const shelved = await this.#models.get(name);
    if (shelved) return shelved;
    throw new EngineFault("MODEL_UNKNOWN", `There is no model "${name}" here; load it first.`);
  }

  async remove(name: string): Promise<void> {
    const shelved = this.#models.get(name);
    this.#models.delete(name);
    await shelved?.then(dispose, () => {});
  }
}

function dispose({ model, decoder }: Shelved): void {
  decoder.dispose();
  model.dispose();
}
