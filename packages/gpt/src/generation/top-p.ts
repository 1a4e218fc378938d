import type { LogitsProcessor } from "./logits-processor.ts";
import { probabilities } from "./softmax.ts";

/**
 * Nucleus sampling: keeps the fewest most likely tokens whose probabilities together reach p (Holtzman et al.,
 * arXiv 1904.09751). The most likely one always stays.
 */
export function topP(p: number): LogitsProcessor {
  return (logits) => {
    const probs = probabilities(logits);
    const surelyOut = (1 - p) / logits.length; // all tokens below this together have less than 1 − p
    const candidates: number[] = [];
    for (let i = 0; i < probs.length; i++) if ((probs[i] ?? 0) >= surelyOut) candidates.push(i);
    candidates.sort((a, b) => (probs[b] ?? 0) - (probs[a] ?? 0));
    let sum = 0;
    let count = 0;
    while (count < candidates.length && (count === 0 || sum < p)) sum += probs[candidates[count++] as number] ?? 0;
    const kept = candidates.slice(0, count).map((i) => [i, logits[i] as number] as const);
    logits.fill(Number.NEGATIVE_INFINITY);
    for (const [i, logit] of kept) logits[i] = logit;
    return logits;
  };
}
