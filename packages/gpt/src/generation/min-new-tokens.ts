import { exclude } from "./logits-processor.ts";
import type { LogitsProcessor } from "./logits-processor.ts";

/** Excludes the tokens that end a row until it has `min` new ones. */
export function minNewTokens(min: number, endingIds: readonly number[]): LogitsProcessor {
  return (logits, { ids, promptLength }) => (ids.length - promptLength < min ? exclude(logits, endingIds) : logits);
}
