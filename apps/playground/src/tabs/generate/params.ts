import { flag, integer, number, oneOf, text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

export const MODES = ["write", "chat"] as const;
export const FORMATS = ["plain", "alpaca", "phi3"] as const;

/** The state of the tab. */
type Generate = {
  mode: (typeof MODES)[number];
  prompt: string;
  format: (typeof FORMATS)[number];
  length: number;
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed: number;
  cache: boolean;
};

export const params: UrlState<Generate> = urlState<Generate>("generate", {
  mode: oneOf(MODES, "write"),
  prompt: text("The Patience"),
  format: oneOf(FORMATS, "plain"),
  length: integer(80, 1, 1000),
  temperature: number(0.8, 0, 2),
  topK: integer(40, 0, 100),
  topP: number(1, 0.01, 1),
  minP: number(0, 0, 1),
  seed: integer(123, 0, 0xff_ff_ff_ff),
  cache: flag(true),
});
