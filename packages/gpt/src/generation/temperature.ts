import type { LogitsProcessor } from "./logits-processor.ts";

/** Divides the logits: below 1 the likely tokens become likelier, above 1 the others do (book section 5.3.1). */
export function temperature(value: number): LogitsProcessor {
  return (logits) => {
    for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) / value;
    return logits;
  };
}
