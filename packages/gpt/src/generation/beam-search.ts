import { EmptyPromptError, GenerateOptionsError } from "../errors.ts";
import { GPTModel } from "../gpt-model.ts";
import type { Decoder } from "./decoder.ts";
import { checkOptions } from "./generate-options.ts";
import type { GenerateOptions } from "./generate-options.ts";
import { applyProcessors } from "./logits-processor.ts";
import { ModelDecoder } from "./model-decoder.ts";
import { endingIds, logitsProcessors } from "./sampler.ts";
import { logSumExp } from "./softmax.ts";
import { topIndices } from "./top-indices.ts";

/** How to search. Penalties and minNewTokens work on log-probabilities, as in transformers. */
export interface BeamSearchOptions extends Pick<
  GenerateOptions,
  | "maxNewTokens"
  | "minNewTokens"
  | "repetitionPenalty"
  | "presencePenalty"
  | "frequencyPenalty"
  | "noRepeatNgramSize"
  | "processors"
  | "eosId"
  | "stopIds"
  | "signal"
> {
  /** Continuations followed at once. Default 4. */
  readonly numBeams?: number | undefined;
  /** A continuation's score is its log-probability / length ^ lengthPenalty: above 0 favours longer ones. Default 1. */
  readonly lengthPenalty?: number | undefined;
}

/** A finished continuation. */
export interface Beam {
  /** The new tokens, an ending token included. */
  readonly ids: readonly number[];
  readonly score: number;
}

interface Candidate {
  readonly ids: readonly number[];
  readonly logProb: number;
  /** The row of the decoder that it continues. */
  readonly parent: number;
}

/**
 * Follows the `numBeams` likeliest continuations instead of one (the algorithm of transformers' beam search with
 * early_stopping=False).
 *
 * @returns up to `numBeams` continuations, best first
 * @throws GenerateOptionsError, EmptyPromptError, TokenIdError
 * @throws ContextLengthError when prompt and continuation outgrow the context
 *
 * @example
 * const [best] = await beamSearch(model, tokenizer.encode("Every effort"), { numBeams: 4, maxNewTokens: 20 });
 */
export async function beamSearch(
  model: GPTModel | Decoder,
  prompt: Int32Array,
  options: BeamSearchOptions = {},
): Promise<Beam[]> {
  checkOptions(options);
  const { numBeams = 4, lengthPenalty = 1 } = options;
  if (!Number.isInteger(numBeams) || numBeams < 1 || !Number.isFinite(lengthPenalty)) {
    throw new GenerateOptionsError(
      `numBeams ${numBeams} with lengthPenalty ${lengthPenalty}: they must be a whole number of at least 1 and a number.`,
    );
  }
  if (prompt.length === 0) throw new EmptyPromptError();
  const decoder = model instanceof GPTModel ? new ModelDecoder(model) : model;
  try {
    return await search(decoder, prompt, options);
  } finally {
    if (decoder !== model) decoder.dispose();
  }
}

async function search(decoder: Decoder, prompt: Int32Array, options: BeamSearchOptions): Promise<Beam[]> {
  const { numBeams = 4, lengthPenalty = 1, maxNewTokens = 50, signal } = options;
  const ending = new Set(endingIds(options));
  let running: Candidate[] = [{ ids: [], logProb: 0, parent: 0 }];
  let finished: Beam[] = [];
  signal?.throwIfAborted();
  let logits = await decoder.prefill([prompt]);
  for (let length = 1; length <= maxNewTokens; length++) {
    const score = ({ logProb }: Candidate): number => logProb / length ** lengthPenalty;
    const isEnd = ({ ids }: Candidate): boolean => length === maxNewTokens || ending.has(ids.at(-1) ?? -1);

    const count = numBeams * Math.max(2, 1 + ending.size); // enough that numBeams of them go on
    const candidates = expand(running, logits, { count, prompt, options });
    const ended = candidates.slice(0, numBeams).filter(isEnd);
    finished = [...finished, ...ended.map((candidate) => ({ ids: candidate.ids, score: score(candidate) }))]
      .toSorted((a, b) => b.score - a.score)
      .slice(0, numBeams);
    running = candidates.filter((candidate) => !isEnd(candidate)).slice(0, numBeams);
    const [best] = running;
    if (!best || (finished.length === numBeams && score(best) <= (finished.at(-1)?.score ?? 0))) break;

    signal?.throwIfAborted();
    await decoder.select(Int32Array.from(running, ({ parent }) => parent));
    logits = await decoder.step(Int32Array.from(running, ({ ids }) => ids.at(-1) ?? 0));
  }
  return finished;
}

interface Expansion {
  readonly count: number;
  readonly prompt: Int32Array;
  readonly options: BeamSearchOptions;
}

/** The `count` likeliest one-token continuations of the running beams, likeliest first. */
function expand(beams: readonly Candidate[], logits: readonly Float32Array[], settings: Expansion): Candidate[] {
  const { count, prompt, options } = settings;
  const processors = logitsProcessors(options);
  const candidates = beams.flatMap((beam, parent) => {
    const row = logits[parent] as Float32Array;
    const total = logSumExp(row);
    const context = { ids: [...prompt, ...beam.ids], promptLength: prompt.length };
    const logProbs = applyProcessors(
      processors,
      row.map((logit) => logit - total),
      context,
    );
    return topIndices(logProbs, count).map((id) => ({
      ids: [...beam.ids, id],
      logProb: beam.logProb + (logProbs[id] ?? Number.NEGATIVE_INFINITY),
      parent,
    }));
  });
  return candidates.toSorted((a, b) => b.logProb - a.logProb).slice(0, count);
}
