import { gpt2Tokenizer, trainBPE } from "@scratch-llm/tokenizer";
import { engine, idsOf, MODEL } from "../../state/engine.ts";
import type { KINDS } from "./params.ts";

/** What a tokenizer makes of a text. */
export interface Tokenized {
  readonly tokens: readonly { readonly id: number; readonly bytes: Uint8Array }[];
  readonly vocabSize: number;
  /** The merges in their order, where the tokenizer was trained here. */
  readonly learned: readonly Merge[];
}

/** Two tokens that became one. */
export interface Merge {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

export interface Question {
  readonly kind: (typeof KINDS)[number];
  readonly text: string;
  readonly corpus: string;
  readonly merges: number;
  /** Of the shown model. */
  readonly vocabSize: number;
}

/** Special tokens and bytes: what the vocabulary of a tokenizer begins with, before any merge. */
const BEFORE_MERGES = 257;

/** `<|endoftext|>` in a text is that token. */
const ALL = { allowedSpecial: "all" } as const;

const TOKENIZE: Readonly<Record<Question["kind"], (question: Question) => Promise<Tokenized>>> = {
  async gpt2({ text }) {
    const tokenizer = await gpt2Tokenizer();
    const ids = tokenizer.encode(text, ALL);
    const tokens = Array.from(ids, (id) => ({ id, bytes: tokenizer.tokenBytes(id) }));
    return { tokens, vocabSize: tokenizer.vocabSize, learned: [] };
  },
  async builtin({ text, vocabSize }) {
    const ids = await idsOf(text);
    const different = await engine.call("tokens", { model: MODEL, ids: Int32Array.from(new Set(ids)) });
    const byId = new Map(different.map((token) => [token.id, token]));
    return { tokens: Array.from(ids, (id) => byId.get(id)!), vocabSize, learned: [] };
  },
  async trained({ text, corpus, merges }) {
    const tokenizer = trainBPE([corpus], { vocabSize: BEFORE_MERGES + merges });
    const tokens = Array.from(tokenizer.encode(text, ALL), (id) => ({ id, bytes: tokenizer.tokenBytes(id) }));
    const { vocab, merges: pairs } = tokenizer.toJSON().model;
    const learned = pairs.map((pair): Merge => {
      const [left, right] = pair.split(" ").map((name) => tokenizer.tokenBytes(vocab[name]!));
      return { left: left!, right: right! };
    });
    return { tokens, vocabSize: tokenizer.vocabSize, learned };
  },
};

/** Cuts a text into tokens, with GPT-2's tokenizer, the shown model's, or one trained on the spot. */
export function tokenize(question: Question): Promise<Tokenized> {
  return TOKENIZE[question.kind](question);
}
