import type { GPTConfig } from "@scratch-llm/gpt";
import { byteLength, type FloatDtype, type TensorEntry } from "@scratch-llm/safetensors";
import type { TokenizerJSON } from "@scratch-llm/tokenizer";
import { weightEntries } from "./write-weights.ts";

// The format: ggml-org/ggml, docs/gguf.md. All numbers are little-endian.
const VERSION = 3;
const ALIGNMENT = 32;
/** Numbers of the value types that we write. */
const TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
/** Numbers of the element types, and of the files that are mostly made of one. */
const ELEMENT_TYPES: Readonly<Record<FloatDtype, number>> = { F32: 0, F16: 1, BF16: 30 };
const FILE_TYPES: Readonly<Record<FloatDtype, number>> = { F32: 0, F16: 1, BF16: 32 };
/** Kinds of tokens: ordinary, special, and rows of the embedding that no token uses. */
const TOKEN_KINDS = { normal: 1, control: 3, unused: 5 } as const;

/** What a GGUF file is made of. */
export interface GgufOptions {
  readonly config: GPTConfig;
  readonly tokenizer: TokenizerJSON;
  /** The id that ends a text. */
  readonly eosId: number | undefined;
  /** How a chat is written, in Jinja. */
  readonly chatTemplate?: string | undefined;
  /** Type of the matrices; vectors and positions stay F32, as llama.cpp's converter has it. */
  readonly dtype: FloatDtype;
  /** The values of one of our parameters by its name. */
  readonly read: (name: string) => Promise<Float32Array>;
}

/** A GGUF file for llama.cpp and its relatives, piece by piece: metadata with the tokenizer, then one tensor after another. */
export async function* encodeGguf(options: GgufOptions): AsyncGenerator<Uint8Array> {
  const { config, dtype, read } = options;
  const typeOf = (name: string, shape: readonly number[]): FloatDtype =>
    shape.length === 1 || name === "position_embd.weight" ? "F32" : dtype;
  const entries = weightEntries({ config, format: "gguf", dtype: typeOf, read });
  const head = new ByteWriter();
  head.bytes(new TextEncoder().encode("GGUF"));
  head.u32(VERSION);
  head.u64(entries.length);
  writeMetadata(head, options);
  let offset = 0;
  for (const entry of entries) {
    writeTensorInfo(head, entry, offset);
    offset += padded(byteLength(entry.dtype, entry.shape));
  }
  yield head.take(padded(head.length));
  for (const { dtype: type, shape, data } of entries) {
    yield await data();
    const size = byteLength(type, shape);
    yield new Uint8Array(padded(size) - size);
  }
}

function writeMetadata(to: ByteWriter, { config, tokenizer, eosId, dtype, chatTemplate }: GgufOptions): void {
  const tokens = tokenList(tokenizer, config.vocabSize);
  const metadata: [key: string, type: keyof typeof TYPES, value: unknown][] = [
    ["general.architecture", "string", "gpt2"],
    ["general.file_type", "u32", FILE_TYPES[dtype]],
    ["gpt2.context_length", "u32", config.contextLength],
    ["gpt2.embedding_length", "u32", config.embDim],
    ["gpt2.feed_forward_length", "u32", 4 * config.embDim],
    ["gpt2.block_count", "u32", config.nLayers],
    ["gpt2.attention.head_count", "u32", config.nHeads],
    ["gpt2.attention.layer_norm_epsilon", "f32", 1e-5],
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", "gpt-2"],
    ["tokenizer.ggml.tokens", "array", ["string", tokens.map(({ text }) => text)]],
    ["tokenizer.ggml.token_type", "array", ["i32", tokens.map(({ kind }) => kind)]],
    ["tokenizer.ggml.merges", "array", ["string", tokenizer.model.merges]],
    ["tokenizer.ggml.add_bos_token", "bool", false],
  ];
  if (eosId !== undefined) {
    metadata.push(["tokenizer.ggml.bos_token_id", "u32", eosId], ["tokenizer.ggml.eos_token_id", "u32", eosId]);
  }
  if (chatTemplate !== undefined) metadata.push(["tokenizer.chat_template", "string", chatTemplate]);
  to.u64(metadata.length);
  for (const [key, type, value] of metadata) {
    to.string(key);
    to.u32(TYPES[type]);
    to.value(type, value);
  }
}

function tokenList(tokenizer: TokenizerJSON, vocabSize: number): { text: string; kind: number }[] {
  const tokens = Array.from({ length: vocabSize }, (_, id) => ({
    text: `[UNUSED${id}]`,
    kind: TOKEN_KINDS.unused as number,
  }));
  for (const [text, id] of Object.entries(tokenizer.model.vocab)) tokens[id] = { text, kind: TOKEN_KINDS.normal };
  for (const { id, content } of tokenizer.added_tokens) tokens[id] = { text: content, kind: TOKEN_KINDS.control };
  return tokens;
}

function writeTensorInfo(to: ByteWriter, { name, shape, dtype }: TensorEntry, offset: number): void {
  to.string(name);
  to.u32(shape.length);
  for (const size of shape.toReversed()) to.u64(size); // the axis that varies fastest comes first
  to.u32(ELEMENT_TYPES[dtype as FloatDtype]);
  to.u64(offset);
}

function padded(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

/** Collects bytes, growing as it goes. */
class ByteWriter {
  #buffer = new Uint8Array(1 << 16);
  length = 0;

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.length - bytes.length);
  }

  u32(value: number): void {
    this.#reserve(4).setUint32(0, value, true);
  }

  u64(value: number): void {
    this.#reserve(8).setBigUint64(0, BigInt(value), true);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  value(type: keyof typeof TYPES, value: unknown): void {
    if (type === "string") this.string(value as string);
    else if (type === "f32") this.#reserve(4).setFloat32(0, value as number, true);
    else if (type === "bool") this.#reserve(1).setUint8(0, value === true ? 1 : 0);
    else if (type !== "array") this.u32(value as number);
    else {
      const [item, items] = value as ["string" | "i32", readonly unknown[]];
      this.u32(TYPES[item]);
      this.u64(items.length);
      for (const each of items) this.value(item, each);
    }
  }

  /** The first `size` bytes; what was not written is 0. */
  take(size: number): Uint8Array {
    this.#reserve(size - this.length);
    return this.#buffer.subarray(0, size);
  }

  #reserve(size: number): DataView {
    const at = this.length;
    this.length += size;
    if (this.length > this.#buffer.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return new DataView(this.#buffer.buffer, at, size);
  }
}
