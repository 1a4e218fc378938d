import { integer, number, text, tokenIds } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

/** The state of the tab. */
type NextToken = {
  text: string;
  /** Tokens chosen one after another behind the text. */
  chosen: readonly number[];
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed: number;
};

export const params: UrlState<NextToken> = urlState<NextToken>("next-token", {
  text: text("The Patience was"),
  chosen: tokenIds(),
  temperature: number(1, 0, 2),
  topK: integer(0, 0, 100),
  topP: number(1, 0.01, 1),
  minP: number(0, 0, 1),
  seed: integer(123, 0, 0xff_ff_ff_ff),
});
