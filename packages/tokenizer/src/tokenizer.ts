/**
 * What every sub-word tokenizer of this package can do. Chapter code, data loaders, samplers and exporters speak to
 * this interface only, so a faster implementation can take the place of {@link BPETokenizer} unseen.
 */
export interface Tokenizer {
  /** Number of rows an embedding needs: the highest id plus one. */
  readonly vocabSize: number;
  /** The id of `<|endoftext|>`, or `undefined` where the vocabulary has none. */
  readonly eosId: number | undefined;
  /**
   * Text to token ids (section 2.5). A lone surrogate, which no UTF-8 can hold, is read as U+FFFD.
   * @throws DisallowedSpecialError when the text holds a special token that is not allowed
   * @throws WordTooLongError when it holds millions of signs without a break
   */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /**
   * Token ids to text. Bytes are joined before they are read as UTF-8, so a character whose bytes lie in several tokens
   * comes back whole; bytes that are no UTF-8 become U+FFFD.
   * @throws UnknownTokenError when an id is not in the vocabulary
   */
  decode(ids: Iterable<number>): string;
  /**
   * The bytes that one token stands for; often only a part of a character.
   * @throws UnknownTokenError when the id is not in the vocabulary
   */
  tokenBytes(id: number): Uint8Array;
  /** A decoder that is fed one id after another and answers with whole characters only. */
  streamDecoder(): StreamDecoder;
  /** The content of a Hugging Face `tokenizer.json`. Made once and shared: do not change it. */
  toJSON(): TokenizerJSON;
}

/** Which special tokens `encode` may find in a text; the rules are tiktoken's. */
export interface EncodeOptions {
  /** Special tokens that become their own id. None by default. */
  readonly allowedSpecial?: ReadonlySet<string> | "all";
  /**
   * Special tokens that make `encode` throw. `"all"` (default): every one that is not allowed, so that a user's text can
   * never smuggle one in. An empty set: they are read like any other text.
   */
  readonly disallowedSpecial?: ReadonlySet<string> | "all";
}

/** Turns a stream of ids into text without ever showing half a character. */
export interface StreamDecoder {
  /** The characters that are complete with this id; an empty string while one is still missing bytes. */
  push(id: number): string;
  /** What is left at the end: U+FFFD when the last character never became complete. The decoder can be used again. */
  flush(): string;
}

/** A Hugging Face `tokenizer.json` with a byte-level BPE inside: the form in which tokenizers are saved. */
export interface TokenizerJSON {
  readonly version: "1.0";
  readonly truncation: null;
  readonly padding: null;
  readonly added_tokens: readonly AddedTokenJSON[];
  readonly normalizer: null;
  readonly pre_tokenizer: ByteLevelJSON;
  readonly post_processor: ByteLevelJSON;
  readonly decoder: ByteLevelJSON;
  readonly model: BPEModelJSON;
}

export interface AddedTokenJSON {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

export interface ByteLevelJSON {
  readonly type: "ByteLevel";
  readonly add_prefix_space: boolean;
  readonly trim_offsets: boolean;
  readonly use_regex: boolean;
}

interface BPEModelJSON {
  readonly type: "BPE";
  readonly dropout: null;
  readonly unk_token: null;
  readonly continuing_subword_prefix: null;
  readonly end_of_word_suffix: null;
  readonly fuse_unk: false;
  readonly byte_fallback: false;
  readonly ignore_merges: false;
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly string[];
}
