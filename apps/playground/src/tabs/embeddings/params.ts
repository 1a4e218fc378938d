import { integer, text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

/** The state of the tab. */
type Embeddings = {
  text: string;
  /** Index of the chosen token. */
  token: number;
};

export const params: UrlState<Embeddings> = urlState<Embeddings>("embeddings", {
  text: text("The harbour and the ship, the clock and the bell"),
  token: integer(1, 0, 127),
});
