import type { LogitsProcessor } from "./logits-processor.ts";

/** How much a token loses for having been generated. */
export interface OccurrencePenalties {
  /** Once, if it was generated at all. */
  readonly presencePenalty: number;
  /** For every time that it was. */
  readonly frequencyPenalty: number;
}

/**
 * OpenAI's presence and frequency penalties: logit −= count · frequencyPenalty + (count > 0) · presencePenalty, where
 * count is how often the token was generated so far; the prompt does not count. Formula: platform.openai.com/docs,
 * "Advanced usage", frequency and presence penalties.
 */
export function occurrencePenalties({ presencePenalty, frequencyPenalty }: OccurrencePenalties): LogitsProcessor {
  return (logits, { ids, promptLength }) => {
    const counts = new Map<number, number>();
    for (const id of ids.slice(promptLength)) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const [id, count] of counts) logits[id] = (logits[id] ?? 0) - count * frequencyPenalty - presencePenalty;
    return logits;
  };
}
