import type { Decoder, GPTModelFast } from "@scratch-llm/gpt";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { EngineFault } from "../fault.ts";
import type { ModelInfo } from "../protocol.ts";

/** A loaded model. */
export interface Shelved {
  readonly info: ModelInfo;
  readonly tokenizer: Tokenizer;
  /** In evaluation mode; none where ONNX Runtime runs the model. */
  readonly model?: GPTModelFast;
  /** Keeps what it has read of a chat, for the next turn. */
  readonly decoder: Decoder;
  /** One more decoder, for a question beside that chat. */
  newDecoder(options: { readonly useCache: boolean }): Decoder;
  dispose(): Promise<void>;
}

/** A loaded model whose inside can be looked at and trained. */
export interface Open extends Shelved {
  readonly model: GPTModelFast;
}

/** The loaded models by the page's names for them. One that is being loaded is waited for. */
export class Shelf {
  readonly #models: Map<string, Promise<Shelved>> = new Map();

  /** Puts a model under a name. One that had it is disposed of, or stays where the new one cannot be loaded. */
  async put(name: string, loading: Promise<Shelved>): Promise<Shelved> {
    const former = this.#models.get(name);
    this.#models.set(name, loading);
    try {
      const shelved = await loading;
      await former?.then(dispose, () => {});
      return shelved;
    } catch (error) {
      if (this.#models.get(name) !== loading) await former?.then(dispose, () => {});
      else if (former) this.#models.set(name, former);
      else this.#models.delete(name);
      throw error;
    }
  }

  /** @throws EngineFault `MODEL_UNKNOWN` */
  async get(name: string): Promise<Shelved> {
    const shelved = await this.#models.get(name);
    if (shelved) return shelved;
    throw new EngineFault("MODEL_UNKNOWN", `There is no model "${name}" here; load it first.`);
  }

  /** @throws EngineFault `MODEL_UNKNOWN`, or `ANSWERS_ONLY` for a model of ONNX Runtime */
  async open(name: string): Promise<Open> {
    const shelved = await this.get(name);
    if (shelved.model) return shelved as Open;
    throw new EngineFault("ANSWERS_ONLY", "ONNX Runtime shows a model's answers and not its inside; show another one.");
  }

  async remove(name: string): Promise<void> {
    const shelved = this.#models.get(name);
    this.#models.delete(name);
    await shelved?.then(dispose, () => {});
  }
}

function dispose(shelved: Shelved): Promise<void> {
  return shelved.dispose();
}
