import type { Generator } from "@scratch-llm/nn";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { DataLoader } from "./data-loader.ts";
import { GPTDatasetV1 } from "./gpt-dataset-v1.ts";

/** Settings of {@link createDataLoaderV1}; the defaults are the book's. */
export interface DataLoaderV1Options {
  /** Windows per batch (default 4). */
  readonly batchSize?: number;
  /** Tokens per window (default 256). */
  readonly maxLength?: number;
  /** Tokens from the start of one window to the start of the next (default 128). */
  readonly stride?: number;
  /** A new order each pass (default true). */
  readonly shuffle?: boolean;
  /** Leave out a last batch that is not full (default true). */
  readonly dropLast?: boolean;
  /** Where seeds are drawn from (default: the shared generator). */
  readonly generator?: Generator;
}

/**
 * Text to batches in one call (section 2.6).
 *
 * @throws {TextTooShortError} for fewer than `maxLength + 1` tokens.
 * @throws {LoaderOptionError} unless sizes are whole numbers ≥ 1.
 * @example
 * ```ts
 * const loader = createDataLoaderV1(text, await gpt2Tokenizer(), { batchSize: 8, maxLength: 4, stride: 4, shuffle: false });
 * const [{ inputs, targets }] = loader; // the first batch, (8, 4) each
 * ```
 */
export function createDataLoaderV1(text: string, tokenizer: Tokenizer, options: DataLoaderV1Options = {}): DataLoader {
  const { batchSize = 4, maxLength = 256, stride = 128, ...loading } = options;
  const dataset = new GPTDatasetV1(text, tokenizer, { maxLength, stride });
  return new DataLoader(dataset, { batchSize, ...loading });
}
