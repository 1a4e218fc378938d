import { BPETokenizer } from "./bpe-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * Reads the content of a `tokenizer.json` (parsed), ours or Hugging Face's, and answers with a tokenizer for it.
 * @throws TokenizerFormatError when it is damaged or of another kind than GPT-2's byte-level BPE
 */
export function loadTokenizer(json: object): Tokenizer {
  return BPETokenizer.fromJSON(json);
}
