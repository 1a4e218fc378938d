import { textToBytes, CHAR_TO_BYTE } from "./byte-alphabet.ts";
import { DisallowedSpecialError, TokenizerFormatError, UnknownTokenError } from "./errors.ts";
import { MergeTable } from "./merge-table.ts";
import { preTokenize } from "./pre-tokenize.ts";
import { byteStreamDecoder, utf8Decoder } from "./stream-decoder.ts";
import { readTokenizerJSON, writeTokenizerJSON } from "./tokenizer-json.ts";
import type { EncodeOptions, StreamDecoder, Tokenizer, TokenizerJSON } from "./tokenizer.ts";

/** All that a byte-level BPE has learned. Tokens are written as in GPT-2's files: one character per byte, space as `Ġ`. */
export interface BPEModel {
  /** Every token with its id, the special ones too. Holds all 256 single bytes. */
  readonly vocab: ReadonlyMap<string, number>;
  /** Which two tokens are joined, the most important first. */
  readonly merges: readonly (readonly [left: string, right: string])[];
  /** Tokens such as `<|endoftext|>`, written as in the text, that are found before anything else and stay one id. */
  readonly specialTokens: ReadonlyMap<string, number>;
}

/** The end of a document, for GPT-2 and for every tokenizer trained here. */
export const END_OF_TEXT = "<|endoftext|>";

const utf8Encoder = new TextEncoder();
const CACHE_WORDS = 50_000;
const CACHE_WORD_LENGTH = 64; // longer ones rarely come twice

/**
 * Byte-pair encoding on bytes, as GPT-2 does it (section 2.5): any text can be encoded, and decoding gives it back.
 *
 * @example
 * const tokenizer = trainBPE(["low lower lowest"], { vocabSize: 260 });
 * tokenizer.decode(tokenizer.encode("slow 🐢")); // "slow 🐢"
 */
export class BPETokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly eosId: number | undefined;
  readonly #model: BPEModel;
  readonly #merges = new MergeTable();
  readonly #byteIds: Int32Array; // byte → id of the token that is this byte alone
  readonly #tokenBytes: Uint8Array[] = []; // id → bytes
  readonly #cache = new Map<string, readonly number[]>();
  #json: TokenizerJSON | undefined;

  /** @throws TokenizerFormatError when a byte has no token or a merge speaks of tokens that are not in the vocabulary */
  constructor(model: BPEModel) {
    this.#model = model;
    for (const [token, id] of model.vocab) {
      this.#tokenBytes[id] = model.specialTokens.has(token) ? utf8Encoder.encode(token) : bytesOfToken(token);
    }
    this.#byteIds = new Int32Array(256);
    for (const [char, byte] of CHAR_TO_BYTE) this.#byteIds[byte] = idOf(model, char);
    for (const [left, right] of model.merges) {
      this.#merges.add(idOf(model, left), idOf(model, right), idOf(model, left + right));
    }
    this.vocabSize = this.#tokenBytes.length;
    this.eosId = model.specialTokens.get(END_OF_TEXT);
  }

  /**
   * Reads the content of a `tokenizer.json`, ours or Hugging Face's.
   * @throws TokenizerFormatError when it is damaged or not a byte-level BPE like GPT-2's
   */
  static fromJSON(json: object): BPETokenizer {
    return new BPETokenizer(readTokenizerJSON(json));
  }

  encode(text: string, { allowedSpecial = new Set(), disallowedSpecial = "all" }: EncodeOptions = {}): Int32Array {
    const special = [...this.#model.specialTokens.keys()];
    const allowed = special.filter((token) => allowedSpecial === "all" || allowedSpecial.has(token));
    const refused = special.filter((token) =>
      disallowedSpecial === "all" ? !allowed.includes(token) : disallowedSpecial.has(token),
    );
    for (const match of matchesOf(refused, text)) throw new DisallowedSpecialError(match[0], match.index);

    const ids: number[] = [];
    let start = 0;
    for (const match of matchesOf(allowed, text)) {
      this.#encodeOrdinary(text.slice(start, match.index), ids);
      ids.push(this.#model.specialTokens.get(match[0]) as number);
      start = match.index + match[0].length;
    }
    this.#encodeOrdinary(text.slice(start), ids);
    return new Int32Array(ids);
  }

  decode(ids: Iterable<number>): string {
    const utf8 = utf8Decoder();
    let text = "";
    for (const id of ids) text += utf8.decode(this.tokenBytes(id), { stream: true });
    return text + utf8.decode();
  }

  tokenBytes(id: number): Uint8Array {
    const bytes = this.#tokenBytes[id];
    if (bytes === undefined) {
      throw new UnknownTokenError(id, `ids go from 0 to ${this.vocabSize - 1}; was another tokenizer used to encode?`);
    }
    return bytes;
  }

  streamDecoder(): StreamDecoder {
    return byteStreamDecoder((id) => this.tokenBytes(id));
  }

  toJSON(): TokenizerJSON {
    this.#json ??= writeTokenizerJSON(this.#model);
    return this.#json;
  }

  #encodeOrdinary(text: string, ids: number[]): void {
    for (const word of preTokenize(text)) for (const id of this.#encodeWord(word)) ids.push(id);
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#cache.get(word);
    if (known !== undefined) return known;
    const bytes = utf8Encoder.encode(word);
    const ids = this.#merges.apply(Array.from(bytes, (byte) => this.#byteIds[byte] as number));
    if (word.length <= CACHE_WORD_LENGTH) {
      if (this.#cache.size >= CACHE_WORDS) this.#cache.clear(); // bounded, whatever is encoded
      this.#cache.set(word, ids);
    }
    return ids;
  }
}

/** Where one of these strings stands in the text; of several at one place, the longest. */
function matchesOf(tokens: readonly string[], text: string): Iterable<RegExpExecArray> {
  if (tokens.length === 0) return [];
  const longestFirst = tokens.toSorted((a, b) => b.length - a.length);
  return text.matchAll(new RegExp(longestFirst.map(escapeRegExp).join("|"), "g"));
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

function bytesOfToken(token: string): Uint8Array {
  const bytes = textToBytes(token);
  if (bytes !== undefined) return bytes;
  throw new TokenizerFormatError(
    `The token ${JSON.stringify(token)} is not written in GPT-2's byte alphabet: only byte-level BPE can be read.`,
  );
}

function idOf(model: BPEModel, token: string): number {
  const id = model.vocab.get(token);
  if (id !== undefined) return id;
  throw new TokenizerFormatError(
    `The token ${JSON.stringify(token)} is not in the vocabulary, but a merge or a byte needs it: use a file that was ` +
      `trained with all 256 bytes.`,
  );
}
