import { END_OF_TEXT, type Tokenizer } from "@scratch-llm/tokenizer";
import type { Dataset, TokenSource } from "./dataset.ts";
import { requirePositiveInteger, TextTooShortError } from "./errors.ts";

/** One training sample: `target` is `input` moved on by one token. Both have `maxLength` ids. */
export interface TokenWindow {
  readonly input: Int32Array;
  readonly target: Int32Array;
}

/** How {@link GPTDatasetV1} cuts its tokens. */
export interface WindowOptions {
  /** Tokens per window (the model's context length, or less). */
  readonly maxLength: number;
  /** Tokens from the start of one window to the start of the next; `maxLength` means no overlap. */
  readonly stride: number;
}

/**
 * The sliding-window dataset of section 2.6: window `i` starts at token `i * stride`, for every start in
 * `range(0, tokens - maxLength, stride)`. Windows are cut when asked for, so overlap costs no memory.
 *
 * @example
 * ```ts
 * const dataset = new GPTDatasetV1(Int32Array.of(40, 367, 2885, 1464, 1807), undefined, { maxLength: 4, stride: 1 });
 * dataset.get(0); // { input: [40, 367, 2885, 1464], target: [367, 2885, 1464, 1807] }
 * ```
 */
export class GPTDatasetV1 implements Dataset<TokenWindow> {
  /** Number of windows. */
  readonly length: number;
  readonly maxLength: number;
  readonly stride: number;
  readonly #tokens: TokenSource;

  /**
   * @param source A text, encoded by `tokenizer` with `<|endoftext|>` allowed, or token ids, for which no tokenizer is needed.
   * @throws {TextTooShortError} for fewer than `maxLength + 1` tokens.
   * @throws {LoaderOptionError} unless `maxLength` and `stride` are whole numbers ≥ 1.
   */
  constructor(source: string, tokenizer: Tokenizer, options: WindowOptions);
  constructor(source: TokenSource, tokenizer: Tokenizer | undefined, options: WindowOptions);
  constructor(source: string | TokenSource, tokenizer: Tokenizer | undefined, { maxLength, stride }: WindowOptions) {
    requirePositiveInteger("maxLength", maxLength);
    requirePositiveInteger("stride", stride);
    const tokens = typeof source === "string" ? encode(source, tokenizer) : source;
    if (tokens.length <= maxLength) throw new TextTooShortError(tokens.length, maxLength + 1);
    this.length = Math.ceil((tokens.length - maxLength) / stride);
    this.maxLength = maxLength;
    this.stride = stride;
    this.#tokens = tokens;
  }

  /** @throws {RangeError} outside `0 … length - 1`. */
  get(index: number): TokenWindow {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`Window ${index} does not exist: the dataset has ${this.length}.`);
    }
    const start = index * this.stride;
    const tokens = this.#tokens.slice(start, start + this.maxLength + 1);
    return { input: tokens.subarray(0, this.maxLength), target: tokens.subarray(1) };
  }
}

function encode(text: string, tokenizer: Tokenizer | undefined): Int32Array {
  if (!tokenizer) throw new TypeError("GPTDatasetV1 received a text without a tokenizer; give one, or token ids.");
  return tokenizer.encode(text, { allowedSpecial: new Set([END_OF_TEXT]) });
}
