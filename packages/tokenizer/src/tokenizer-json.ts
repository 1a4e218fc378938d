import type { BPEModel } from "./bpe-tokenizer.ts";
import { TokenizerFormatError } from "./errors.ts";
import type { AddedTokenJSON, ByteLevelJSON, TokenizerJSON } from "./tokenizer.ts";

/** Four times the largest vocabulary in use; an id beyond would only eat memory. */
export const MAX_TOKENS: number = 2 ** 20;

/** Writes a model in the form of Hugging Face `tokenizers`, which reads it and encodes alike. */
export function writeTokenizerJSON({ vocab, merges, specialTokens }: BPEModel): TokenizerJSON {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: Array.from(specialTokens, ([content, id]) => addedToken(content, id)),
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
      vocab: Object.fromEntries(vocab),
      merges: merges.map((pair) => pair.join(" ")), // the form that every version of `tokenizers` reads
    },
  };
}

const BYTE_LEVEL: ByteLevelJSON = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };

function addedToken(content: string, id: number): AddedTokenJSON {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/**
 * Reads what GPT-2's `tokenizer.json` may hold, and refuses whatever would make it encode otherwise. `truncation` and
 * `padding` are passed over: `encode` does neither.
 * @throws TokenizerFormatError naming the field and what was found in it
 */
export function readTokenizerJSON(json: object): BPEModel {
  const file = fieldsOf("the file", json);
  const model = fieldsOf("model", file["model"]);
  accept("model.type", model["type"], ["BPE", undefined]); // GPT-2's own file is older than this field
  accept("model.dropout", model["dropout"], [null, 0, undefined]);
  accept("model.continuing_subword_prefix", model["continuing_subword_prefix"], [null, "", undefined]);
  accept("model.end_of_word_suffix", model["end_of_word_suffix"], [null, "", undefined]);
  accept("model.byte_fallback", model["byte_fallback"], [false, undefined]);
  accept("model.ignore_merges", model["ignore_merges"], [false, undefined]);
  accept("normalizer", file["normalizer"], [null, undefined]);
  const preTokenizer = fieldsOf("pre_tokenizer", file["pre_tokenizer"]);
  accept("pre_tokenizer.type", preTokenizer["type"], ["ByteLevel"]);
  accept("pre_tokenizer.add_prefix_space", preTokenizer["add_prefix_space"], [false]);
  accept("pre_tokenizer.use_regex", preTokenizer["use_regex"], [true, undefined]);
  for (const name of ["post_processor", "decoder"]) {
    if (file[name] === null || file[name] === undefined) continue;
    const fields = fieldsOf(name, file[name]);
    if (!addsNothing(fields)) accept(`${name}.type`, fields["type"], ["ByteLevel"]);
  }

  const specialTokens = readAddedTokens(file["added_tokens"] ?? []);
  const vocab = readVocab(model["vocab"], specialTokens);
  return { vocab, merges: listOf("model.merges", model["merges"]).map(readMerge), specialTokens };
}

/** Whether it is the template that transformers 5 writes, which puts no token before or after the text. */
function addsNothing({ type, single, special_tokens: special }: Readonly<Record<string, unknown>>): boolean {
  const empty = '[{"Sequence":{"id":"A","type_id":0}}] {}';
  return type === "TemplateProcessing" && `${JSON.stringify(single)} ${JSON.stringify(special)}` === empty;
}

function readAddedTokens(value: unknown): Map<string, number> {
  const tokens = new Map<string, number>();
  for (const [i, item] of listOf("added_tokens", value).entries()) {
    const where = `added_tokens[${i}]`;
    const { id, content, ...flags } = fieldsOf(where, item);
    for (const flag of ["single_word", "lstrip", "rstrip"]) accept(`${where}.${flag}`, flags[flag], [false, undefined]);
    accept(`${where}.special`, flags["special"], [true]);
    if (typeof content !== "string" || content === "") throw wrong(`${where}.content`, content, "a text");
    tokens.set(content, checkId(`${where}.id`, id));
  }
  return tokens;
}

function readVocab(value: unknown, specialTokens: ReadonlyMap<string, number>): Map<string, number> {
  const entries = Object.entries(fieldsOf("model.vocab", value));
  if (entries.length > MAX_TOKENS) throw wrong("the size of model.vocab", entries.length, `at most ${MAX_TOKENS}`);
  const vocab = new Map(specialTokens);
  for (const [token, id] of entries) {
    const where = `model.vocab[${JSON.stringify(token)}]`;
    const special = specialTokens.get(token);
    if (special !== undefined) accept(where, id, [special]);
    vocab.set(token, checkId(where, id));
  }
  const tokenOf = new Map<number, string>();
  for (const [token, id] of vocab) {
    const other = tokenOf.get(id);
    if (other !== undefined)
      throw wrong(`the id of ${JSON.stringify(token)}`, id, `not that of ${JSON.stringify(other)}`);
    tokenOf.set(id, token);
  }
  return vocab;
}

/** `"a b"` in older files, `["a", "b"]` in newer ones. */
function readMerge(value: unknown, rank: number): [string, string] {
  const [left, right, ...more] = typeof value === "string" ? value.split(" ") : Array.isArray(value) ? value : [];
  if (typeof left === "string" && typeof right === "string" && more.length === 0) return [left, right];
  throw wrong(`model.merges[${rank}]`, value, "two tokens");
}

function checkId(where: string, id: unknown): number {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < MAX_TOKENS) return id;
  throw wrong(where, id, `a whole number from 0 to ${MAX_TOKENS - 1}`);
}

function fieldsOf(where: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(where, value, "an object");
}

function listOf(where: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length <= MAX_TOKENS) return value;
  throw wrong(where, Array.isArray(value) ? `a list of ${value.length}` : value, `a list of at most ${MAX_TOKENS}`);
}

function accept(where: string, found: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(found)) throw wrong(where, found, JSON.stringify(allowed[0]));
}

function wrong(where: string, found: unknown, expected: string): TokenizerFormatError {
  const shown = (JSON.stringify(found) ?? "missing").slice(0, 100);
  return new TokenizerFormatError(
    `In tokenizer.json, ${where} is ${shown}; it must be ${expected}: only byte-level BPE as GPT-2 has it can be read.`,
  );
}
