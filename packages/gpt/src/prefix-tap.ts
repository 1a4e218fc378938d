import type { Tap } from "@scratch-llm/attention";

/** A tap for a part of a model: what the part calls "weights", `tap` sees as "PART.weights". */
export function prefixTap(tap: Tap | undefined, part: string): Tap | undefined {
  return tap && ((name, value) => tap(`${part}.${name}`, value));
}
