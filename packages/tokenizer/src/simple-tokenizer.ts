import { UnknownTokenError } from "./errors.ts";

/**
 * Splits a text into words and punctuation marks (section 2.2). White space is dropped.
 *
 * @example
 * splitWords("Hello, world. Is this-- a test?"); // Hello , world . Is this -- a test ?
 */
export function splitWords(text: string): string[] {
  return text
    .split(/([,.:;?_!"()']|--|\s)/)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/**
 * Gives every different word of a text an id in alphabetical order, and the special tokens the ids after them
 * (sections 2.3 and 2.4).
 *
 * @example
 * const vocab = buildVocabulary(text, ["<|endoftext|>", "<|unk|>"]);
 */
export function buildVocabulary(text: string, specialTokens: readonly string[] = []): Map<string, number> {
  const allTokens = [...new Set(splitWords(text))].toSorted();
  return new Map([...allTokens, ...specialTokens].map((token, id) => [token, id]));
}

/**
 * The book's first tokenizer: one id per word, and an error for a word it has never seen (section 2.3).
 *
 * @example
 * const tokenizer = new SimpleTokenizerV1(buildVocabulary("the cat sat on the mat."));
 * tokenizer.decode(tokenizer.encode("the mat sat.")); // "the mat sat."
 */
export class SimpleTokenizerV1 {
  protected readonly strToInt: ReadonlyMap<string, number>;
  protected readonly intToStr: ReadonlyMap<number, string>;

  constructor(vocab: ReadonlyMap<string, number>) {
    this.strToInt = vocab;
    this.intToStr = new Map(Array.from(vocab, ([token, id]) => [id, token]));
  }

  /** @throws UnknownTokenError when a word is not in the vocabulary */
  encode(text: string): Int32Array {
    return Int32Array.from(splitWords(text), (word) => {
      const id = this.strToInt.get(word);
      if (id === undefined)
        throw new UnknownTokenError(word, "use SimpleTokenizerV2, which has <|unk|> for such words.");
      return id;
    });
  }

  /**
   * The words with a space between them, except before punctuation.
   * @throws UnknownTokenError when an id is not in the vocabulary
   */
  decode(ids: Iterable<number>): string {
    return this.join(ids).replaceAll(/\s+([,.?!"()'])/g, "$1");
  }

  protected join(ids: Iterable<number>): string {
    const words = Array.from(ids, (id) => {
      const word = this.intToStr.get(id);
      if (word === undefined) throw new UnknownTokenError(id, `it holds ${this.intToStr.size} tokens.`);
      return word;
    });
    return words.join(" ");
  }
}

/**
 * The book's second tokenizer: a word it has never seen becomes `<|unk|>` (section 2.4).
 *
 * @example
 * const vocab = buildVocabulary("the cat sat on the mat.", ["<|endoftext|>", "<|unk|>"]);
 * const tokenizer = new SimpleTokenizerV2(vocab);
 * tokenizer.decode(tokenizer.encode("the dog sat.")); // "the <|unk|> sat."
 */
export class SimpleTokenizerV2 extends SimpleTokenizerV1 {
  readonly #unknown: number;

  /** @throws UnknownTokenError when the vocabulary lacks `<|unk|>` */
  constructor(vocab: ReadonlyMap<string, number>) {
    super(vocab);
    const unknown = vocab.get("<|unk|>");
    if (unknown === undefined) {
      throw new UnknownTokenError("<|unk|>", 'build it with buildVocabulary(text, ["<|endoftext|>", "<|unk|>"]).');
    }
    this.#unknown = unknown;
  }

  override encode(text: string): Int32Array {
    return Int32Array.from(splitWords(text), (word) => this.strToInt.get(word) ?? this.#unknown);
  }

  override decode(ids: Iterable<number>): string {
    return this.join(ids).replaceAll(/\s+([,.:;?!"()'])/g, "$1");
  }
}
