import { describe, expect, it } from "vitest";
import { loadTokenizer } from "./load-tokenizer.ts";
import { trainBPE } from "./train-bpe.ts";

const trained = trainBPE(["the cat sat on the mat"], { vocabSize: 265 });

/** A copy of the trained tokenizer's file with some of its fields changed. */
function file(changes: object, modelChanges: object = {}): object {
  const json = trained.toJSON();
  return { ...json, ...changes, model: { ...json.model, ...modelChanges } };
}

describe("loadTokenizer", () => {
  it("reads our files", () => {
    expect(loadTokenizer(file({})).encode("the cat")).toEqual(trained.encode("the cat"));
  });

  it("reads what Hugging Face writes: pairs as lists, and special tokens outside the vocabulary", () => {
    const { "<|endoftext|>": _, ...vocab } = trained.toJSON().model.vocab;
    const merges = trained.toJSON().model.merges.map((merge) => merge.split(" "));
    const loaded = loadTokenizer(file({ post_processor: null }, { vocab, merges }));
    expect(loaded.toJSON()).toEqual(trained.toJSON());
  });

  it("reads GPT-2's older form: no model type, empty prefix and suffix, no use_regex", () => {
    const pre_tokenizer = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
    const old = file({ pre_tokenizer }, { type: undefined, continuing_subword_prefix: "", end_of_word_suffix: "" });
    expect(loadTokenizer(JSON.parse(JSON.stringify(old)) as object).toJSON()).toEqual(trained.toJSON());
  });

  const vocab = trained.toJSON().model.vocab;
  const endOfText = trained.toJSON().added_tokens[0];
  it.each([
    ["another model", file({}, { type: "WordPiece" }), 'model.type is "WordPiece"'],
    ["no model", { version: "1.0" }, "model is missing"],
    ["a list", [], "the file is []"],
    ["a normalizer", file({ normalizer: { type: "NFC" } }), 'normalizer is {"type":"NFC"}'],
    ["another pre-tokenizer", file({ pre_tokenizer: { type: "Metaspace" } }), 'pre_tokenizer.type is "Metaspace"'],
    [
      "a prefix space",
      file({ pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } }),
      "add_prefix_space is true",
    ],
    [
      "another pattern",
      file({ pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: false } }),
      "pre_tokenizer.use_regex is false",
    ],
    ["another post-processor", file({ post_processor: { type: "TemplateProcessing" } }), "post_processor.type"],
    ["another decoder", file({ decoder: { type: "WordPiece" } }), "decoder.type"],
    ["dropout", file({}, { dropout: 0.1 }), "model.dropout is 0.1"],
    ["a word suffix", file({}, { end_of_word_suffix: "</w>" }), 'model.end_of_word_suffix is "</w>"'],
    ["byte fallback", file({}, { byte_fallback: true }), "model.byte_fallback is true"],
    ["ignored merges", file({}, { ignore_merges: true }), "model.ignore_merges is true"],
    ["no vocabulary", file({}, { vocab: null }), "model.vocab is null"],
    ["an id that is no number", file({}, { vocab: { ...vocab, aa: "7" } }), 'model.vocab["aa"] is "7"'],
    ["a huge id", file({}, { vocab: { ...vocab, aa: 2 ** 40 } }), 'model.vocab["aa"] is 1099511627776'],
    ["an id twice", file({}, { vocab: { ...vocab, aa: 5 } }), "the id of"],
    ["a byte without a token", file({}, { vocab: { aa: 1 }, merges: [] }), "is not in the vocabulary"],
    ["a token outside the byte alphabet", file({}, { vocab: { ...vocab, "a b": 300 } }), '"a b" is not written in'],
    ["a merge of one token", file({}, { merges: ["ab"] }), 'model.merges[0] is "ab"'],
    ["a merge of three", file({}, { merges: [["a", "b", "c"]] }), "model.merges[0]"],
    ["a merge into nothing", file({}, { merges: ["q z"] }), '"qz" is not in the vocabulary'],
    ["no merges", file({}, { merges: undefined }), "model.merges is missing"],
    [
      "an added token that is not special",
      file({ added_tokens: [{ ...endOfText, special: false }] }),
      "special is false",
    ],
    ["a token that strips spaces", file({ added_tokens: [{ ...endOfText, lstrip: true }] }), "lstrip is true"],
    ["a token with two ids", file({ added_tokens: [{ ...endOfText, id: 264 }] }), 'model.vocab["<|endoftext|>"] is 0'],
    ["an empty token", file({ added_tokens: [{ ...endOfText, content: "" }] }), "added_tokens[0].content"],
  ])("refuses %s and says what it found", (_, json, message) => {
    expect(() => loadTokenizer(json)).toThrow(
      expect.objectContaining({ code: "TOKENIZER_FORMAT", message: expect.stringContaining(message) }),
    );
  });
});
