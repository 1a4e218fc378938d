import { text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

/** The state of the tab. */
type Models = {
  endpoint: string;
  repository: string;
};

export const params: UrlState<Models> = urlState<Models>("models", {
  endpoint: text("https://huggingface.co"),
  repository: text("openai-community/gpt2"),
});
