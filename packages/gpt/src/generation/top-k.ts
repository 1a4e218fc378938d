import { excludeBelow } from "./logits-processor.ts";
import type { LogitsProcessor } from "./logits-processor.ts";
import { topIndices } from "./top-indices.ts";

/** Keeps the k most likely tokens, and those as likely as the last of them (book section 5.3.2). */
export function topK(k: number): LogitsProcessor {
  return (logits) => excludeBelow(logits, logits[topIndices(logits, k).at(-1) ?? 0] ?? Number.NEGATIVE_INFINITY);
}
