import { GPTModelFast, type GPTConfig, type GPTModel } from "@scratch-llm/gpt";
import { Generator } from "@scratch-llm/nn";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { matchWeights } from "./match.ts";
import type { WeightFormat } from "./names.ts";
import { readWeights } from "./read-weights.ts";
import type { WeightSource } from "./source.ts";

/** A model with all that is needed to use it. Dispose of the model. */
export interface LoadedModel {
  readonly model: GPTModelFast;
  readonly config: GPTConfig;
  readonly tokenizer: Tokenizer;
}

/** Where a model's weights come from. */
export interface LoadOptions {
  readonly config: GPTConfig;
  readonly format: WeightFormat;
  readonly source: WeightSource;
}

/**
 * Builds the model of `config` with the weights of `source`, in evaluation mode (book section 5.5). The weights are
 * compared with the model before it is built and read one by one, so that the peak is the model plus one tensor.
 *
 * @throws {WeightsMismatchError} when names or shapes do not fit
 * @example
 * const model = await loadModel({ config, format: "hf", source: sourceFromBytes(bytes) });
 */
export async function loadModel({ config, format, source }: LoadOptions): Promise<GPTModelFast> {
  matchWeights(source.tensors, config, format); // a damaged configuration must not allocate
  const model = new GPTModelFast(config, { generator: new NoDraws() });
  try {
    await loadWeights(model, { config, format, source });
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model.eval();
}

/**
 * Puts the weights of `source` into a model that is there already, such as a subclass of yours.
 *
 * @throws {WeightsMismatchError} before anything is assigned, when names or shapes do not fit
 */
export async function loadWeights(model: GPTModel, { config, format, source }: LoadOptions): Promise<void> {
  const parameters = model.namedParameters();
  for await (const { name, value } of readWeights(source, config, format)) {
    parameters.get(name)!.assign(value);
    value.dispose();
  }
}

/**
 * A second model with the same weights, in evaluation mode. They are not copied: a weight takes memory twice from the time
 * on when one of the models gives it another value.
 */
export function cloneModel(model: GPTModel, config: GPTConfig = model.config): GPTModelFast {
  const clone = new GPTModelFast(config, { generator: new NoDraws() });
  clone.loadStateDict(model.stateDict());
  return clone.eval();
}

/**
 * Gives zeros: initial weights that are overwritten at once need no draws, and must not disturb the seeded generator.
 * All are the same zeros: as many arrays as weights would make the garbage collector believe in a full memory.
 */
class NoDraws extends Generator {
  #zeros = new Float32Array(0);

  override uniform(n: number): Float32Array {
    if (n > this.#zeros.length) this.#zeros = new Float32Array(n);
    return this.#zeros.subarray(0, n);
  }

  override normal(n: number): Float32Array {
    return this.uniform(n);
  }
}
