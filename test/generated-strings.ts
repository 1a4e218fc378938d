import { readFileSync } from "node:fs";

interface Rule {
  readonly seed: number;
  readonly maxPieces: number;
  readonly words: readonly string[];
  readonly scripts: readonly { readonly ranges: readonly (readonly [number, number])[] }[];
}

/** The rule by which strings are generated; its `about` states it. Python does the same in `strings.py` beside it. */
export const RULE: Rule = JSON.parse(
  readFileSync(new URL("../fixtures/tokenizer/strings.json", import.meta.url), "utf8"),
) as Rule;

/** The rule's source of numbers. */
export class Lcg {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to n - 1; exact for n up to 2^21. */
  pick(n: number): number {
    this.#state = (Math.imul(1664525, this.#state) + 1013904223) >>> 0;
    return Math.floor((this.#state * n) / 2 ** 32);
  }

  pickOne<T>(items: readonly T[]): T {
    return items[this.pick(items.length)] as T;
  }
}

/** Strings that mix scripts, white space, signs and lone surrogates, the same in every run. */
export function* generatedStrings(count: number, lcg: Lcg): Generator<string> {
  for (let n = 0; n < count; n++) {
    let text = "";
    let script: Rule["scripts"][number] | undefined;
    const pieces = 1 + lcg.pick(RULE.maxPieces);
    for (let i = 0; i < pieces; i++) {
      if (script === undefined || lcg.pick(4) === 0) script = lcg.pickOne(RULE.scripts);
      if (lcg.pick(5) === 0) {
        text += lcg.pickOne(RULE.words);
      } else {
        const [low, high] = lcg.pickOne(script.ranges);
        text += String.fromCodePoint(low + lcg.pick(high - low + 1));
      }
    }
    yield text;
  }
}
