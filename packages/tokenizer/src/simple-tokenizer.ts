import { UnknownTokenError } from "./errors.ts";

const SEPARATORS = /([,.:;?_!"()']|--|\s)/; // the book's pattern: punctuation is kept, white space is not
const UNKNOWN = "<|unk|>";

/** Splits a text into words and punctuation marks (section 2.2). */
export function splitWords(text: string): string[] {
  return text
    .split(SEPARATORS)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/**
 * Gives every different word of a text an id, in alphabetical order, and then the special tokens (sections 2.3, 2.4).
 *
 * @example
 * const vocab = buildVocabulary(text, { specialTokens: ["<|endoftext|>", "<|unk|>"] });
 */
export function buildVocabulary(
  text: string,
  { specialTokens = [] }: { readonly specialTokens?: readonly string[] } = {},
): Map<string, number> {
  const words = [...new Set(splitWords(text))].toSorted();
  return new Map([...words, ...specialTokens].map((token, id) => [token, id]));
}

/** The book's first tokenizer: one id per word, and an error for a word it has never seen (section 2.3). */
export class SimpleTokenizerV1 {
  readonly #strToInt: ReadonlyMap<string, number>;
  readonly #intToStr: ReadonlyMap<number, string>;

  constructor(vocab: ReadonlyMap<string, number>) {
    this.#strToInt = vocab;
    this.#intToStr = new Map(Array.from(vocab, ([token, id]) => [id, token]));
  }

  /** @throws UnknownTokenError when a word is not in the vocabulary */
  encode(text: string): Int32Array {
    return Int32Array.from(splitWords(text), (word) => this.idOf(word));
  }

  /** @throws UnknownTokenError when an id is not in the vocabulary */
  decode(ids: Iterable<number>): string {
    const words = Array.from(ids, (id) => {
      const word = this.#intToStr.get(id);
      if (word === undefined) throw new UnknownTokenError(id, `it holds ${this.#intToStr.size} tokens.`);
      return word;
    });
    return this.joinWords(words);
  }

  protected idOf(word: string): number {
    const id = this.#strToInt.get(word);
    if (id === undefined) throw new UnknownTokenError(word, "SimpleTokenizerV2 encodes such words as <|unk|>.");
    return id;
  }

  protected joinWords(words: readonly string[]): string {
    return words.join(" ").replaceAll(/\s+([,.?!"()'])/g, "$1");
  }
}

/** The second: words it has never seen become `<|unk|>`, so the vocabulary must hold that token (section 2.4). */
export class SimpleTokenizerV2 extends SimpleTokenizerV1 {
  readonly #unknownId: number;
  readonly #vocab: ReadonlyMap<string, number>;

  /** @throws UnknownTokenError when the vocabulary has no `<|unk|>` */
  constructor(vocab: ReadonlyMap<string, number>) {
    super(vocab);
    this.#vocab = vocab;
    this.#unknownId = super.idOf(UNKNOWN);
  }

  protected override idOf(word: string): number {
    return this.#vocab.get(word) ?? this.#unknownId;
  }

  protected override joinWords(words: readonly string[]): string {
    return words.join(" ").replaceAll(/\s+([,.:;?!"()'])/g, "$1");
  }
}
