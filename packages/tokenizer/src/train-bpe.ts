import { BPETokenizer, END_OF_TEXT } from "./bpe-tokenizer.ts";
import { BYTE_ALPHABET, BYTE_TO_CHAR, textToBytes } from "./byte-alphabet.ts";
import { Corpus } from "./corpus.ts";
import { TrainBPEOptionsError } from "./errors.ts";
import { preTokenize } from "./pre-tokenize.ts";
import { MAX_TOKENS } from "./tokenizer-json.ts";

/** What {@link trainBPE} learns. */
export interface TrainBPEOptions {
  /** Tokens in the finished vocabulary: special tokens, 256 bytes, and a token per merge. Fewer when the text is short. */
  readonly vocabSize: number;
  /** They get the first ids. `["<|endoftext|>"]` by default. */
  readonly specialTokens?: readonly string[];
  /** A pair must come at least this often to be merged. 0 by default, as in Hugging Face's trainer. */
  readonly minFrequency?: number;
  /** Called now and then while the texts are read and the merges learned; what it throws ends the training. */
  readonly onProgress?: (progress: TrainBPEProgress) => void;
}

/** How far {@link trainBPE} is. */
export interface TrainBPEProgress {
  readonly phase: "count words" | "learn merges";
  /** Characters read, or tokens in the vocabulary. */
  readonly done: number;
  /** Tokens wanted; `undefined` while the texts are read, whose length nobody knows. */
  readonly total: number | undefined;
}

const PROGRESS_EVERY_MERGES = 100;
const PROGRESS_EVERY_CHARACTERS = 1_000_000;

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
 * @throws WordTooLongError when a text holds millions of signs without a break
 */
export function trainBPE(texts: Iterable<string>, options: TrainBPEOptions): BPETokenizer {
  const { vocabSize, specialTokens = [END_OF_TEXT], minFrequency = 0, onProgress } = options;
  checkOptions(texts, vocabSize, specialTokens, minFrequency);
  const wordCounts = countWords(texts, onProgress);
  const tokens = new Vocabulary([...specialTokens, ...BYTE_ALPHABET]);
  const corpus = new Corpus(wordCounts, (byte) => tokens.add(BYTE_TO_CHAR[byte] as string));
  const merges: [left: string, right: string][] = [];

  while (tokens.size < vocabSize) {
    const pair = corpus.mostFrequentPair();
    if (pair === undefined || pair.count < minFrequency) break;
    const left = tokens.at(pair.left);
    const right = tokens.at(pair.right);
    merges.push([left, right]);
    corpus.merge(pair, tokens.add(left + right));
    if (tokens.size % PROGRESS_EVERY_MERGES === 0) {
      onProgress?.({ phase: "learn merges", done: tokens.size, total: vocabSize });
    }
  }
  onProgress?.({ phase: "learn merges", done: tokens.size, total: tokens.size });

  return new BPETokenizer({
    vocab: tokens.ids,
    merges,
    specialTokens: new Map(specialTokens.map((token, id) => [token, id])),
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
  if (!Number.isInteger(vocabSize) || vocabSize < smallest || vocabSize > MAX_TOKENS) {
    throw new TrainBPEOptionsError(
      `vocabSize is ${vocabSize}: pass a whole number from ${smallest} (256 bytes and ${specialTokens.length} special ` +
        `tokens) to ${MAX_TOKENS}.`,
    );
  }
  if (!Number.isInteger(minFrequency) || minFrequency < 0) {
    throw new TrainBPEOptionsError(`minFrequency is ${minFrequency}: pass a whole number from 0.`);
  }
  for (const [i, token] of specialTokens.entries()) {
    if (specialTokens.indexOf(token) === i && !looksLikeBytes(token)) continue;
    throw new TrainBPEOptionsError(
      `The special token ${JSON.stringify(token)} comes twice, is empty, or could be read as bytes in GPT-2's alphabet: ` +
        `choose one such as "<|name|>".`,
    );
  }
}

/** Whether a vocabulary could hold the same spelling for other bytes: `"Ġa"` is how `" a"` is written there. */
function looksLikeBytes(token: string): boolean {
  return textToBytes(token) !== undefined && !/^[!-~]{2,}$/.test(token);
}

/** How often each pre-token comes. */
function countWords(texts: Iterable<string>, onProgress: TrainBPEOptions["onProgress"]): Map<string, number> {
  const counts = new Map<string, number>();
  let done = 0;
  let reported = 0;
  for (const text of texts) {
    for (const word of preTokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    done += text.length;
    if (done - reported < PROGRESS_EVERY_CHARACTERS) continue;
    onProgress?.({ phase: "count words", done, total: undefined });
    reported = done;
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
