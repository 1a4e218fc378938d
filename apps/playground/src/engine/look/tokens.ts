import type { Tokenizer } from "@scratch-llm/tokenizer";
import type { Token } from "../protocol.ts";

/** A text's ids. What a user writes here harms nobody: special tokens are what they are. */
export function encode(tokenizer: Tokenizer, text: string): Int32Array {
  return tokenizer.encode(text, { allowedSpecial: "all" });
}

/** Tokens with what the page shows of them. */
export function tokensOf(tokenizer: Tokenizer, ids: Iterable<number>): Token[] {
  return Array.from(ids, (id) => {
    const bytes = tokenizer.tokenBytes(id);
    return { id, text: labelOf(bytes), bytes: bytes.slice() }; // a copy: the message takes its memory away
  });
}

/** The text of every token of the model; ids beyond the tokenizer's own have none. */
export function vocabulary(tokenizer: Tokenizer, vocabSize: number): string[] {
  return Array.from({ length: vocabSize }, (_, id) =>
    id < tokenizer.vocabSize ? labelOf(tokenizer.tokenBytes(id)) : "",
  );
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of the bytes, or where they are no whole characters, the bytes in hex: `<E6 88>`, with a space that is not marked. */
function labelOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    const hex = Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
    return `<${hex.join("\u00A0")}>`;
  }
}
