import { flag, integer, text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

/** The state of the tab. */
type Attention = {
  text: string;
  layer: number;
  head: number;
  causal: boolean;
};

export const params: UrlState<Attention> = urlState<Attention>("attention", {
  text: text("The clock on the tower strikes, and the clock in the kitchen answers."),
  layer: integer(0, 0, 47),
  head: integer(0, 0, 24),
  causal: flag(true),
});
