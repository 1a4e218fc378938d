import { InstructOptionError } from "./errors.ts";

/** Two texts that are almost the same. */
export interface NearDuplicate {
  /** The place of the earlier one. */
  readonly first: number;
  readonly second: number;
  /** Cosine of the angle between the two, from the threshold to 1. */
  readonly similarity: number;
}

/** Cosines of equal texts may round to a little less than 1. */
const ROUNDING = 1e-9;

/** A text as weights of its n-grams, of length 1. */
type Vector = ReadonlyMap<string, number>;

/**
 * Pairs of texts that are near-duplicates, as the book's `find-near-duplicates` (ch07/02): TF-IDF over sequences of one to
 * three characters, in lower case and without punctuation, compared by cosine. Works for any language.
 *
 * Only pairs that can reach the threshold are compared (Bayardo, Ma and Srikant, Scaling up all pairs similarity search,
 * 2007), so tens of thousands of texts are no trouble.
 *
 * @param threshold between 0 and 1, where 1 is strictest; default 0.9
 * @throws InstructOptionError for another threshold
 * @example
 * findNearDuplicates(["Name a dwarf planet.", "Sing a song.", "Name a dwarf planet!"]); // [{ first: 0, second: 2, similarity: 1 }]
 */
export function findNearDuplicates(texts: readonly string[], threshold = 0.9): NearDuplicate[] {
  if (!(threshold > 0 && threshold <= 1)) {
    throw new InstructOptionError(`threshold is ${threshold}; give a number above 0 and at most 1, such as 0.9.`);
  }
  return similarPairs(tfidfVectors(texts), threshold).toSorted((a, b) => a.first - b.first || a.second - b.second);
}

/** The places of all texts but the first of each group of near-duplicates. */
export function duplicatesToRemove(pairs: readonly NearDuplicate[]): Set<number> {
  const removed = new Set<number>();
  for (const { first, second } of pairs) if (!removed.has(first)) removed.add(second);
  return removed;
}

/** Counts of n-grams times log((1 + n) / (1 + df)) + 1, scaled to length 1: scikit-learn's TfidfVectorizer with its defaults. */
function tfidfVectors(texts: readonly string[]): Vector[] {
  const counts = texts.map((text) => countNgrams(preprocess(text)));
  const documents = new Map<string, number>();
  for (const each of counts) for (const gram of each.keys()) documents.set(gram, (documents.get(gram) ?? 0) + 1);
  return counts.map((each) => {
    const weights = [...each].map(([gram, count]) => {
      const idf = Math.log((1 + texts.length) / (1 + (documents.get(gram) ?? 0))) + 1;
      return [gram, count * idf] as const;
    });
    const norm = Math.sqrt(weights.reduce((sum, [, weight]) => sum + weight * weight, 0));
    return new Map(weights.map(([gram, weight]) => [gram, weight / norm]));
  });
}

function preprocess(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\s]/gu, "")
    .replaceAll(/\s\s+/gu, " ");
}

function countNgrams(text: string): Map<string, number> {
  const characters = Array.from(text);
  const counts = new Map<string, number>();
  for (let n = 1; n <= 3; n++) {
    for (let start = 0; start + n <= characters.length; start++) {
      const gram = characters.slice(start, start + n).join("");
      counts.set(gram, (counts.get(gram) ?? 0) + 1);
    }
  }
  return counts;
}

/**
 * Compares each vector with those before it. Of each vector only its rarest n-grams are looked up: the others together are too
 * light to reach the threshold without one of these.
 */
function similarPairs(vectors: readonly Vector[], threshold: number): NearDuplicate[] {
  const frequency = new Map<string, number>();
  const heaviest = new Map<string, number>();
  for (const vector of vectors) {
    for (const [gram, weight] of vector) {
      frequency.set(gram, (frequency.get(gram) ?? 0) + 1);
      heaviest.set(gram, Math.max(heaviest.get(gram) ?? 0, weight));
    }
  }
  const commonFirst = (vector: Vector): [string, number][] =>
    [...vector].toSorted(([a], [b]) => (frequency.get(b) ?? 0) - (frequency.get(a) ?? 0));
  const least = threshold - ROUNDING;
  const holders = new Map<string, number[]>();
  const pairs: NearDuplicate[] = [];
  for (const [second, vector] of vectors.entries()) {
    const candidates = new Set([...vector.keys()].flatMap((gram) => holders.get(gram) ?? []));
    for (const first of candidates) {
      const similarity = dot(vectors[first] as Vector, vector);
      if (similarity >= least) pairs.push({ first, second, similarity: Math.min(1, similarity) });
    }
    let bound = 0; // no other vector is closer to the n-grams seen so far
    for (const [gram, weight] of commonFirst(vector)) {
      bound += weight * (heaviest.get(gram) ?? 0);
      if (bound < least) continue;
      const list = holders.get(gram);
      if (list) list.push(second);
      else holders.set(gram, [second]);
    }
  }
  return pairs;
}

function dot(a: Vector, b: Vector): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [gram, weight] of small) sum += weight * (large.get(gram) ?? 0);
  return sum;
}
