import type { BPEModel } from "./bpe-tokenizer.ts";
import { TokenizerFormatError } from "./errors.ts";
import type { AddedTokenJSON, ByteLevelJSON, TokenizerJSON } from "./tokenizer.ts";

/** Writes a model in the form of Hugging Face `tokenizers`, which reads it and encodes alike. */
export function writeTokenizerJSON(model: BPEModel): TokenizerJSON {
  const special = [...model.specialTokens].toSorted(([, a], [, b]) => a - b);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map(([content, id]) => addedToken(content, id)),
    normalizer: null,
    pre_tokenizer: BYTE_LEVEL,
    post_processor: { ...BYTE_LEVEL, trim_offsets: false },
    decoder: BYTE_LEVEL,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...special, ...model.vocab]),
      merges: model.merges.map((pair) => pair.join(" ")), // the form that every version of `tokenizers` reads
    },
  };
}

const BYTE_LEVEL: ByteLevelJSON = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };

function addedToken(content: string, id: number): AddedTokenJSON {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/** TODO */
export function readTokenizerJSON(json: object): BPEModel {
  const { added_tokens, model } = json as TokenizerJSON;
  if (model?.type !== "BPE") throw new TokenizerFormatError("not a BPE tokenizer.json");
  const specialTokens = new Map(added_tokens.map(({ content, id }) => [content, id]));
  const vocab = new Map(Object.entries(model.vocab).filter(([token]) => !specialTokens.has(token)));
  const merges = model.merges.map(
    (merge) => (typeof merge === "string" ? merge.split(" ") : merge) as [string, string],
  );
  return { vocab, merges, specialTokens };
}
