import { integer, oneOf, text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

export const KINDS = ["gpt2", "builtin", "trained"] as const;

export const MOST_MERGES = 200;

/** The state of the tab. */
type Tokenizer = {
  kind: (typeof KINDS)[number];
  text: string;
  /** What a tokenizer of one's own is trained on. */
  corpus: string;
  /** Merges that are replayed. */
  merges: number;
};

export const params: UrlState<Tokenizer> = urlState<Tokenizer>("tokenizer", {
  kind: oneOf(KINDS, "gpt2"),
  text: text("Every effort moves you. 我说你好。Déjà vu!"),
  corpus: text("Every effort moves you on. Every move is an effort, and no effort that moves you is ever lost."),
  merges: integer(12, 0, MOST_MERGES),
});
