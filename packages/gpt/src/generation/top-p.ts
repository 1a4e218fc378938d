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
    const result = new Float32Array(logits.length).fill(Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (const [rank, i] of candidates.entries()) {
      if (rank > 0 && sum >= p) break;
      result[i] = logits[i] ?? 0;
      sum += probs[i] ?? 0;
    }
    return result;
  };
}
