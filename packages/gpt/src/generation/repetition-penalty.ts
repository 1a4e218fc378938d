import type { LogitsProcessor } from "./logits-processor.ts";

/**
 * Makes every token that the prompt or the output holds already less likely: a positive logit is divided by the
 * penalty, a negative one multiplied (Keskar et al., CTRL, arXiv 1909.05858, section 4.1, with the sign that
 * transformers adds).
 */
export function repetitionPenalty(penalty: number): LogitsProcessor {
  return (logits, { ids }) => {
    for (const id of new Set(ids)) {
      const logit = logits[id] ?? 0;
      logits[id] = logit < 0 ? logit * penalty : logit / penalty;
    }
    return logits;
  };
}
