import { exclude } from "./logits-processor.ts";
import type { LogitsProcessor } from "./logits-processor.ts";

/** Excludes every token that would complete a sequence of `size` tokens that the row holds already. */
export function noRepeatNgram(size: number): LogitsProcessor {
  return (logits, { ids }) => {
    const end = ids.length - (size - 1); // where the unfinished sequence at the end of the row begins
    const completions = new Set<number>();
    for (let start = 0; start < end; start++) {
      const matches = ids.slice(start, start + size - 1).every((id, i) => id === ids[end + i]);
      const next = ids[start + size - 1];
      if (matches && next !== undefined) completions.add(next);
    }
    return exclude(logits, completions);
  };
}
