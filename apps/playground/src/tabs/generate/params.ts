import { flag, integer, oneOf, text } from "../../state/params.ts";
import { type Sampling, samplingParams } from "../../state/sampling-knobs.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

export const MODES = ["write", "chat"] as const;
export const FORMATS = ["plain", "alpaca", "phi3"] as const;

/** The state of the tab. */
type Generate = Sampling & {
  mode: (typeof MODES)[number];
  prompt: string;
  format: (typeof FORMATS)[number];
  length: number;
  seed: number;
  cache: boolean;
};

export const params: UrlState<Generate> = urlState<Generate>("generate", {
  mode: oneOf(MODES, "write"),
  prompt: text("The Patience"),
  format: oneOf(FORMATS, "plain"),
  length: integer(80, 1, 1000),
  ...samplingParams({ temperature: 0.8, topK: 40 }),
  seed: integer(123, 0, 0xff_ff_ff_ff),
  cache: flag(true),
});
