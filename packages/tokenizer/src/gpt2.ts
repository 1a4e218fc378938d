import { BPETokenizer } from "./bpe-tokenizer.ts";
import { BYTE_ALPHABET, bytesToText, CHAR_TO_BYTE } from "./byte-alphabet.ts";
import { MergeTable } from "./merge-table.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What the npm package `tiktoken` holds of an encoding. */
interface TiktokenEncoding {
  readonly special_tokens: Record<string, number>;
  /** Lines of `name firstRank token token …`, tokens in base64 and in the order of their ranks. */
  readonly bpe_ranks: string;
}

let shared: Promise<Tokenizer> | undefined;

/**
 * GPT-2's tokenizer (section 2.5): 50,257 tokens, from the ranks inside the npm package `tiktoken`. Made once, then shared.
 *
 * The ranks, the pattern and the special token are tiktoken's; the encoding itself is {@link BPETokenizer}'s, with equal
 * ids. tiktoken's own engine is WebAssembly: bundlers need a plugin for it, its memory has to be freed by hand, and it
 * takes quadratic time on long words.
 *
 * @example
 * const tokenizer = await gpt2Tokenizer();
 * tokenizer.encode("Hello, I am"); // Int32Array [15496, 11, 314, 716]
 */
export function gpt2Tokenizer(): Promise<Tokenizer> {
  shared ??= load().catch((error: unknown) => {
    shared = undefined; // a page that was offline may try again
    throw error;
  });
  return shared;
}

async function load(): Promise<Tokenizer> {
  // Its type declarations speak of CommonJS; both Node and bundlers give the encoding itself as `default`.
  const { default: encoding } = (await import("tiktoken/encoders/gpt2")) as unknown as { default: TiktokenEncoding };
  const tokens = parseRanks(encoding.bpe_ranks);
  const specialTokens = new Map(Object.entries(encoding.special_tokens));
  const vocab = new Map([...tokens.map((token, rank) => [token, rank] as const), ...specialTokens]);
  return new BPETokenizer({ vocab, merges: recoverMerges(tokens), specialTokens });
}

/** Rank → token, in GPT-2's byte alphabet. */
function parseRanks(text: string): string[] {
  const tokens: string[] = [];
  for (const line of text.split("\n")) {
    const [, first, ...encoded] = line.split(" ");
    for (const [i, base64] of encoded.entries()) {
      tokens[Number(first) + i] = bytesToText(Array.from(atob(base64), (char) => char.charCodeAt(0)));
    }
  }
  return tokens;
}

/**
 * tiktoken keeps only the tokens in the order in which they were learned. The pair behind each is what all earlier rules
 * leave of its bytes: always two tokens.
 */
function recoverMerges(tokens: readonly string[]): [string, string][] {
  const idOf = new Map(BYTE_ALPHABET.map((char) => [char, tokens.indexOf(char)]));
  const table = new MergeTable();
  const merges: [string, string][] = [];
  for (const [rank, token] of tokens.entries()) {
    if (CHAR_TO_BYTE.has(token)) continue;
    const parts = table.apply(Array.from(token, (char) => idOf.get(char) as number));
    const [left, right] = parts;
    if (parts.length !== 2 || left === undefined || right === undefined) {
      throw new Error(`Token ${rank} of tiktoken's ranks comes from ${parts.length} tokens, not 2.`);
    }
    table.add(left, right, rank);
    merges.push([tokens[left] as string, tokens[right] as string]);
  }
  return merges;
}
