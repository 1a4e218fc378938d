import { BPETokenizer, END_OF_TEXT } from "./bpe-tokenizer.ts";
import { BYTE_ALPHABET, BYTE_TO_CHAR } from "./byte-alphabet.ts";
import { TrainBPEOptionsError } from "./errors.ts";
import { Heap } from "./heap.ts";
import { preTokenize } from "./pre-tokenize.ts";

export interface TrainBPEOptions {
  /** Tokens in the finished vocabulary: special tokens, 256 bytes, and a token per merge. Fewer when the text is short. */
  readonly vocabSize: number;
  /** They get the first ids. `["<|endoftext|>"]` by default. */
  readonly specialTokens?: readonly string[];
  /** A pair must come at least this often to be merged. 0 by default, as in Hugging Face's trainer. */
  readonly minFrequency?: number;
  /** Called now and then while the texts are read and the merges learned. */
  readonly onProgress?: (progress: TrainBPEProgress) => void;
}

export interface TrainBPEProgress {
  readonly phase: "count words" | "learn merges";
  /** Characters read, or tokens in the vocabulary. */
  readonly done: number;
  /** Tokens wanted; `undefined` while the texts are read, whose length nobody knows. */
  readonly total: number | undefined;
}

const MAX_VOCAB_SIZE = 2 ** 24;
const PROGRESS_EVERY_MERGES = 100;

/**
 * Learns a byte-level BPE from texts: again and again the most frequent pair of neighbouring tokens becomes a new token.
 *
 * Same vocabulary and merges as Hugging Face's `BpeTrainer` with a `ByteLevel` pre-tokenizer (`add_prefix_space=False`)
 * and its whole alphabet. Of equally frequent pairs the one with the smaller ids wins. As there, each text is split
 * into words by itself, so pass documents, or chunks of one text through {@link wholeWords}; and a special token that is
 * written in a text is counted like any other text.
 *
 * @example
 * const tokenizer = trainBPE(["the cat sat on the mat"], { vocabSize: 265 });
 * tokenizer.encode("the mat");
 *
 * @throws TrainBPEOptionsError when the vocabulary could not hold all bytes and special tokens, or a number makes no sense
 */
export function trainBPE(texts: Iterable<string>, options: TrainBPEOptions): BPETokenizer {
  const { vocabSize, specialTokens = [END_OF_TEXT], minFrequency = 0, onProgress } = options;
  checkOptions(texts, vocabSize, specialTokens, minFrequency);
  const wordCounts = countWords(texts, onProgress);
  const tokens = new Vocabulary([...specialTokens, ...BYTE_ALPHABET]);
  const corpus = new Corpus(wordCounts, (byte) => tokens.add(BYTE_TO_CHAR[byte] as string));
  const merges = new Map<Pair, readonly [string, string]>();

  for (let pair = corpus.mostFrequentPair(); tokens.size < vocabSize; pair = corpus.mostFrequentPair()) {
    if (pair === undefined || pair.count < minFrequency) break;
    const left = tokens.at(pair.left);
    const right = tokens.at(pair.right);
    merges.delete(pair); // of two equal rules the later counts
    merges.set(pair, [left, right]);
    corpus.merge(pair, tokens.add(left + right));
    if (tokens.size % PROGRESS_EVERY_MERGES === 0) {
      onProgress?.({ phase: "learn merges", done: tokens.size, total: vocabSize });
    }
  }
  onProgress?.({ phase: "learn merges", done: tokens.size, total: tokens.size });

  const special = new Set(specialTokens);
  const ids = [...tokens.ids];
  return new BPETokenizer({
    vocab: new Map(ids.filter(([token]) => !special.has(token))),
    merges: [...merges.values()],
    specialTokens: new Map(ids.filter(([token]) => special.has(token))),
  });
}

function checkOptions(
  texts: Iterable<string>,
  vocabSize: number,
  specialTokens: readonly string[],
  minFrequency: number,
): void {
  if (typeof texts === "string") {
    throw new TrainBPEOptionsError("trainBPE got one string, whose characters it would take for texts: pass [text].");
  }
  const smallest = BYTE_ALPHABET.length + specialTokens.length;
  if (!Number.isInteger(vocabSize) || vocabSize < smallest || vocabSize > MAX_VOCAB_SIZE) {
    throw new TrainBPEOptionsError(
      `vocabSize is ${vocabSize}: pass a whole number from ${smallest} (256 bytes and ${specialTokens.length} special ` +
        `tokens) to ${MAX_VOCAB_SIZE}.`,
    );
  }
  if (!Number.isInteger(minFrequency) || minFrequency < 0) {
    throw new TrainBPEOptionsError(`minFrequency is ${minFrequency}: pass a whole number from 0.`);
  }
  const wrong = specialTokens.find((token, i) => token === "" || specialTokens.indexOf(token) !== i);
  if (wrong !== undefined) {
    throw new TrainBPEOptionsError(`The special token ${JSON.stringify(wrong)} is empty or given twice.`);
  }
}

/** How often each pre-token comes. */
function countWords(texts: Iterable<string>, onProgress: TrainBPEOptions["onProgress"]): Map<string, number> {
  const counts = new Map<string, number>();
  let done = 0;
  for (const text of texts) {
    for (const word of preTokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    done += text.length;
    onProgress?.({ phase: "count words", done, total: undefined });
  }
  return counts;
}

/** Tokens and their ids, which are given in the order of arrival. */
class Vocabulary {
  readonly ids = new Map<string, number>();
  readonly #tokens: string[] = [];

  constructor(tokens: Iterable<string>) {
    for (const token of tokens) this.add(token);
  }

  get size(): number {
    return this.#tokens.length;
  }

  at(id: number): string {
    return this.#tokens[id] as string;
  }

  /** The id of a token, new or known. */
  add(token: string): number {
    const known = this.ids.get(token);
    if (known !== undefined) return known;
    this.ids.set(token, this.#tokens.length);
    return this.#tokens.push(token) - 1;
  }
}

/** Two neighbouring tokens. */
interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Where it stood when it was seen; it may have been merged away since. */
  places: number[];
}

/** All different words in one row of symbols, linked so that merging does not move any, and every pair in them. */
class Corpus {
  readonly #symbols: number[] = []; // GONE where a symbol has been merged into the one before it
  readonly #next: number[] = []; // NONE at the end of a word
  readonly #previous: number[] = []; // NONE at its beginning
  readonly #frequency: number[] = []; // of the word it belongs to
  readonly #pairs = new Map<number, Pair>();
  readonly #queue = new Heap<Candidate>(comesFirst);

  constructor(wordCounts: ReadonlyMap<string, number>, idOfByte: (byte: number) => number) {
    const utf8 = new TextEncoder();
    for (const [word, count] of wordCounts) {
      const start = this.#symbols.length;
      const bytes = utf8.encode(word);
      for (const [i, byte] of bytes.entries()) {
        this.#symbols.push(idOfByte(byte));
        this.#previous.push(i === 0 ? NONE : start + i - 1);
        this.#next.push(i === bytes.length - 1 ? NONE : start + i + 1);
        this.#frequency.push(count);
      }
    }
    const seen = new Set<Pair>();
    for (let place = 0; place < this.#symbols.length; place++) {
      const right = this.#next[place] as number;
      if (right !== NONE) seen.add(this.#countPair(place, right, +1));
    }
    this.#enqueue(seen);
  }

  mostFrequentPair(): Pair | undefined {
    for (let top = this.#queue.pop(); top !== undefined; top = this.#queue.pop()) {
      if (top.count === top.pair.count) return top.count > 0 ? top.pair : undefined;
      this.#queue.push({ pair: top.pair, count: top.pair.count }); // it has changed since it was put in
    }
    return undefined;
  }

  merge(pair: Pair, merged: number): void {
    const places = pair.places.toSorted((a, b) => a - b); // "aaa" becomes "aa" + "a"
    pair.places = [];
    const created = new Set<Pair>();
    for (const place of places) {
      const right = this.#next[place] as number;
      if (this.#symbols[place] !== pair.left || right === NONE || this.#symbols[right] !== pair.right) continue;
      const before = this.#previous[place] as number;
      const after = this.#next[right] as number;
      if (before !== NONE) this.#countPair(before, place, -1);
      if (after !== NONE) this.#countPair(right, after, -1);
      this.#symbols[place] = merged;
      this.#symbols[right] = GONE;
      this.#next[place] = after;
      if (before !== NONE) created.add(this.#countPair(before, place, +1));
      if (after !== NONE) {
        this.#previous[after] = place;
        created.add(this.#countPair(place, after, +1));
      }
    }
    this.#enqueue(created);
  }

  /** Adds the word's frequency to the count of the pair at two neighbouring places, or takes it away. */
  #countPair(place: number, nextPlace: number, sign: 1 | -1): Pair {
    const left = this.#symbols[place] as number;
    const right = this.#symbols[nextPlace] as number;
    const key = left * MAX_VOCAB_SIZE + right;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = { left, right, count: 0, places: [] };
      this.#pairs.set(key, pair);
    }
    pair.count += sign * (this.#frequency[place] as number);
    if (sign > 0) pair.places.push(place);
    return pair;
  }

  #enqueue(pairs: Iterable<Pair>): void {
    for (const pair of pairs) if (pair.count > 0) this.#queue.push({ pair, count: pair.count });
  }
}

const GONE = -1;
const NONE = -1;

/** A pair in the queue with the count it had when it was put in. */
interface Candidate {
  readonly pair: Pair;
  readonly count: number;
}

function comesFirst(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.pair.left !== b.pair.left ? a.pair.left < b.pair.left : a.pair.right < b.pair.right;
}
