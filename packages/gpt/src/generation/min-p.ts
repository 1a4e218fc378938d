import type { LogitsProcessor } from "./logits-processor.ts";

/** Keeps the tokens that are at least `p` times as likely as the most likely one (Nguyen et al., arXiv 2407.01082). */
export function minP(p: number): LogitsProcessor {
  return (logits) => {
    const least = logits.reduce((max, logit) => Math.max(max, logit), Number.NEGATIVE_INFINITY) + Math.log(p);
    return logits.map((logit) => (logit < least ? Number.NEGATIVE_INFINITY : logit));
  };
}
