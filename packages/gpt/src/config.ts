import { GPTConfigError } from "./errors.ts";

/** The shape of a GPT model: the book's configuration dictionary (section 4.1) in camelCase. */
export interface GPTConfig {
  /** Number of tokens in the vocabulary. */
  readonly vocabSize: number;
  /** Most tokens that one pass can see. */
  readonly contextLength: number;
  /** Width of an embedding, and of everything that flows between the blocks. */
  readonly embDim: number;
  /** Attention heads per block; divides embDim. */
  readonly nHeads: number;
  /** Number of transformer blocks. */
  readonly nLayers: number;
  /** Dropout rate, 0 ≤ rate < 1. */
  readonly dropRate: number;
  /** Whether the query, key and value projections have a bias: GPT-2's do, the book's own training does not. */
  readonly qkvBias: boolean;
  /**
   * Whether the output head shares the token embedding's weight, as in GPT-2's files. Default: it does not, as in the
   * book. To train from the start, leave it: PyTorch's initial embeddings are far too large for a head.
   */
  readonly tieWeights?: boolean | undefined;
}

const GPT2 = { vocabSize: 50_257, contextLength: 1024, dropRate: 0.1, qkvBias: false } as const;

/** GPT-2 small (book section 4.1). */
export const GPT_CONFIG_124M: GPTConfig = { ...GPT2, embDim: 768, nHeads: 12, nLayers: 12 };
/** GPT-2 medium (book exercise 4.2). */
export const GPT_CONFIG_355M: GPTConfig = { ...GPT2, embDim: 1024, nHeads: 16, nLayers: 24 };
/** GPT-2 large (book exercise 4.2). */
export const GPT_CONFIG_774M: GPTConfig = { ...GPT2, embDim: 1280, nHeads: 20, nLayers: 36 };
/** GPT-2 XL (book exercise 4.2). */
export const GPT_CONFIG_1558M: GPTConfig = { ...GPT2, embDim: 1600, nHeads: 25, nLayers: 48 };
/** Learns a text of some 100 KB in a minute or two; its vocabulary is one trained on that text. */
export const GPT_CONFIG_TINY: GPTConfig = {
  vocabSize: 2000,
  contextLength: 128,
  embDim: 192,
  nHeads: 6,
  nLayers: 3,
  dropRate: 0.1,
  qkvBias: false,
};
/** Between `tiny` and GPT-2 small: for a few megabytes of text. */
export const GPT_CONFIG_SMALL: GPTConfig = {
  vocabSize: 8000,
  contextLength: 256,
  embDim: 384,
  nHeads: 6,
  nLayers: 6,
  dropRate: 0.1,
  qkvBias: false,
};

/** Every preset by the name that the command line uses. */
export const GPT_CONFIGS: Readonly<Record<GPTConfigName, GPTConfig>> = {
  "gpt2-124M": GPT_CONFIG_124M,
  "gpt2-355M": GPT_CONFIG_355M,
  "gpt2-774M": GPT_CONFIG_774M,
  "gpt2-1558M": GPT_CONFIG_1558M,
  tiny: GPT_CONFIG_TINY,
  small: GPT_CONFIG_SMALL,
};

/** The name of a preset. */
export type GPTConfigName = "gpt2-124M" | "gpt2-355M" | "gpt2-774M" | "gpt2-1558M" | "tiny" | "small";

/**
 * Checks a configuration before anything is allocated.
 * @throws GPTConfigError naming the first field that cannot work
 */
export function validateConfig(config: GPTConfig): void {
  for (const field of ["vocabSize", "contextLength", "embDim", "nHeads", "nLayers"] as const) {
    const value: unknown = config[field];
    if (!Number.isInteger(value) || (value as number) < 1) {
      throw new GPTConfigError(`${field} is ${String(value)}: it must be a whole number of at least 1.`);
    }
  }
  const { embDim, nHeads, dropRate } = config;
  if (embDim % nHeads !== 0) {
    throw new GPTConfigError(
      `nHeads ${nHeads} does not divide embDim ${embDim}: choose heads of equal width, such as ${nearestDivisor(embDim, nHeads)}.`,
    );
  }
  if (!(dropRate >= 0 && dropRate < 1)) {
    throw new GPTConfigError(`dropRate is ${String(dropRate)}: it must be at least 0 and less than 1.`);
  }
}

/**
 * Number of parameters of a model of this shape, without building it (book section 4.6). A shared head counts once.
 *
 * @example
 * countParameters(GPT_CONFIG_124M); // 163_009_536
 * countParameters({ ...GPT_CONFIG_124M, tieWeights: true }); // 124_412_160
 */
export function countParameters(config: GPTConfig): number {
  const { vocabSize, contextLength, embDim, nLayers, qkvBias, tieWeights = false } = config;
  const norm = 2 * embDim;
  const qkv = 3 * (embDim * embDim + (qkvBias ? embDim : 0));
  const outProj = embDim * embDim + embDim;
  const feedForward = embDim * 4 * embDim + 4 * embDim + 4 * embDim * embDim + embDim;
  const block = qkv + outProj + feedForward + 2 * norm;
  const embeddings = (vocabSize + contextLength) * embDim;
  const head = tieWeights ? 0 : vocabSize * embDim;
  return embeddings + nLayers * block + norm + head;
}

function nearestDivisor(n: number, near: number): number {
  let best = 1;
  for (let divisor = 1; divisor <= n; divisor++) {
    if (n % divisor === 0 && Math.abs(divisor - near) < Math.abs(best - near)) best = divisor;
  }
  return best;
}
