import { integer, text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

/** The state of the tab. */
type Block = {
  text: string;
  block: number;
  /** Index of the token that is followed. */
  token: number;
  /** Index of the stage that is open. */
  stage: number;
};

export const params: UrlState<Block> = urlState<Block>("block", {
  text: text("The bell of the harbour rings"),
  block: integer(0, 0, 47),
  token: integer(2, 0, 127),
  stage: integer(0, 0, 14),
});
