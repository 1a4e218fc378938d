import { excludeBelow } from "./logits-processor.ts";
import type { LogitsProcessor } from "./logits-processor.ts";
import { largest } from "./softmax.ts";

/** Keeps the tokens that are at least `p` times as likely as the most likely one (Nguyen et al., arXiv 2407.01082). */
export function minP(p: number): LogitsProcessor {
  return (logits) => excludeBelow(logits, largest(logits) + Math.log(p));
}
