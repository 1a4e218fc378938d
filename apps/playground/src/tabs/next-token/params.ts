import { integer, text, tokenIds } from "../../state/params.ts";
import { type Sampling, samplingParams } from "../../state/sampling-knobs.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

/** The state of the tab. */
type NextToken = Sampling & {
  text: string;
  /** Tokens chosen one after another behind the text. */
  chosen: readonly number[];
  seed: number;
};

export const params: UrlState<NextToken> = urlState<NextToken>("next-token", {
  text: text("The Patience was"),
  chosen: tokenIds(),
  ...samplingParams(),
  seed: integer(123, 0, 0xff_ff_ff_ff),
});
