import { z } from "zod";
import { count, TrainSettings } from "../run-config.ts";

export const fraction = z.number().min(0).lt(1);

/** LoRA layers, which are then all that is trained (appendix E). */
export const LoraSettings = z.strictObject({
  rank: count,
  alpha: z.number().positive(),
  scaling: z.enum(["alpha", "alpha/rank"]),
  /** Regular expression for the names of the layers; empty = all linear layers that can take one. */
  match: z.string().refine(isRegExp, "must be a regular expression"),
});
export type LoraSettings = z.infer<typeof LoraSettings>;

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

/** What `--lora` stands for: the book's rank and alpha (exercise 7.4). */
export const DEFAULT_LORA: LoraSettings = { rank: 16, alpha: 16, scaling: "alpha/rank", match: "" };

/** What every kind of fine-tuning is set to, to be spread into a schema of its own. */
export const TUNING_FIELDS = {
  seed: z.int().min(0).max(0xffff_ffff),
  model: z.strictObject({ dropRate: z.number().min(0).lt(1) }),
  lora: LoraSettings.nullable(),
  train: TrainSettings.omit({ startContext: true, sampleEvery: true }),
} as const;

const TuningConfig = z.object(TUNING_FIELDS);
export type TuningConfig = z.infer<typeof TuningConfig>;
