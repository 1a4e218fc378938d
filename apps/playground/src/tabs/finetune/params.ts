import { DEFAULT_TUNING } from "../../engine/defaults.ts";
import { integer, number, oneOf, text } from "../../state/params.ts";
import { type UrlState, urlState } from "../../state/url-state.ts";

export const TASKS = ["classify", "instruct"] as const;
export const TRAINABLE = ["all", "last_block", "lora"] as const;

/** The state of the tab. */
type Finetune = {
  task: (typeof TASKS)[number];
  trainable: (typeof TRAINABLE)[number] | "default";
  seed: number;
  epochs: number;
  rank: number;
  threshold: number;
  message: string;
  instruction: string;
};

export const params: UrlState<Finetune> = urlState<Finetune>("finetune", {
  task: oneOf(TASKS, "classify"),
  trainable: oneOf([...TRAINABLE, "default"], "default"),
  seed: integer(123, 0, 0xff_ff_ff_ff),
  epochs: integer(DEFAULT_TUNING.classify.epochs, 1, 50),
  rank: integer(DEFAULT_TUNING.instruct.rank, 1, 64),
  threshold: number(0.5, 0, 1),
  message: text("You have won a golden ship! Send ten coins today to claim it."),
  instruction: text("Name the opposite of cold."),
});
