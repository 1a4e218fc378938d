import { Generator } from "@scratch-llm/nn";
import { GenerateOptionsError } from "../errors.ts";
import type { GenerateOptions } from "./generate-options.ts";
import { applyProcessors } from "./logits-processor.ts";
import type { LogitsProcessor, SamplingContext } from "./logits-processor.ts";
import { minNewTokens } from "./min-new-tokens.ts";
import { minP } from "./min-p.ts";
import { noRepeatNgram } from "./no-repeat-ngram.ts";
import { occurrencePenalties } from "./occurrence-penalties.ts";
import { repetitionPenalty } from "./repetition-penalty.ts";
import { probabilities } from "./softmax.ts";
import { temperature } from "./temperature.ts";
import { topIndices } from "./top-indices.ts";
import { topK } from "./top-k.ts";
import { topP } from "./top-p.ts";

/** The processors that the options ask for, in the order in which transformers applies them. */
export function logitsProcessors(options: GenerateOptions): LogitsProcessor[] {
  const { presencePenalty = 0, frequencyPenalty = 0 } = options;
  const list = [...(options.processors ?? [])];
  if (options.repetitionPenalty !== undefined) list.push(repetitionPenalty(options.repetitionPenalty));
  if (presencePenalty !== 0 || frequencyPenalty !== 0) {
    list.push(occurrencePenalties({ presencePenalty, frequencyPenalty }));
  }
  if (options.noRepeatNgramSize !== undefined) list.push(noRepeatNgram(options.noRepeatNgramSize));
  if (options.minNewTokens !== undefined) list.push(minNewTokens(options.minNewTokens, endingIds(options)));
  if (!options.temperature) return list; // what follows never changes which token is the most likely
  list.push(temperature(options.temperature));
  if (options.topK !== undefined) list.push(topK(options.topK));
  // 1 is for every token: a rounded sum would reach it before the rarest.
  if (options.topP !== undefined && options.topP < 1) list.push(topP(options.topP));
  if (options.minP !== undefined) list.push(minP(options.minP));
  return list;
}

/** The tokens that end a row. */
export function endingIds({ eosId, stopIds = [] }: GenerateOptions): number[] {
  return eosId === undefined ? [...stopIds] : [eosId, ...stopIds];
}

/** Picks tokens for one row, from its own stream of random numbers. */
export class Sampler {
  readonly #processors: readonly LogitsProcessor[];
  readonly #generator: Generator | undefined;
  /** Where the processors work. */
  #room = new Float32Array(0);

  constructor(options: GenerateOptions, row: number = 0) {
    this.#processors = logitsProcessors(options);
    this.#generator = options.temperature ? new Generator((options.seed ?? 123) + row) : undefined;
  }

  /**
   * The next token: the most likely one, or with a temperature one drawn as `torch.multinomial` draws it.
   * @throws GenerateOptionsError when the processors have excluded every token
   */
  pick(logits: Float32Array, context: SamplingContext): number {
    if (this.#processors.length > 0 && this.#room.length !== logits.length)
      this.#room = new Float32Array(logits.length);
    const processed = applyProcessors(this.#processors, logits, context, this.#room);
    const [best = 0] = topIndices(processed, 1);
    if (!((processed[best] ?? Number.NaN) > Number.NEGATIVE_INFINITY)) {
      throw new GenerateOptionsError(
        "No token is left to pick: loosen noRepeatNgramSize, minNewTokens or the processors.",
      );
    }
    return this.#generator ? this.#generator.multinomial(probabilities(processed)) : best;
  }
}
