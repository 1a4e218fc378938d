import type { GPTConfig } from "@scratch-llm/gpt";
import type { FloatDtype, TensorEntry } from "@scratch-llm/safetensors";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { configToHuggingFace } from "./config/hugging-face.ts";
import { tokenizerFiles } from "./tokenizer-files.ts";
import { weightEntries } from "./write-weights.ts";

/** What the weights of a model folder are called. */
export const WEIGHTS_FILE = "model.safetensors";
/** What transformers wants to find in their header. */
export const WEIGHTS_METADATA: Readonly<Record<string, string>> = { format: "pt" };

/** What is saved of a model: its shape and its parameters, each read when its turn comes. A `GPTModel` is one. */
export interface SavedModel {
  readonly config: GPTConfig;
  namedParameters(): ReadonlyMap<string, { data(): Promise<ArrayLike<number>> }>;
}

/** What is saved. */
export interface SaveOptions {
  readonly model: SavedModel;
  readonly tokenizer: Tokenizer;
  /** Default F32: bit for bit. F16 and BF16 take half the space and round to nearest. */
  readonly dtype?: FloatDtype;
  /** What the folder holds besides a GPT, such as a head for classes, or how it is asked. */
  readonly extra?: SavedExtra;
}

/** What is not a GPT's own. */
export interface SavedExtra {
  readonly tensors?: readonly TensorEntry[];
  /** Entries of `config.json`; they stand over the GPT's of the same name, such as `architectures`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Entries of `tokenizer_config.json`, such as `chat_template`. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>> | undefined;
}

/** The files of a model folder. */
export interface ModelFiles {
  /** Everything but the weights, by name. */
  readonly texts: ReadonlyMap<string, string>;
  /** The content of `model.safetensors`; each tensor is read when its turn comes. */
  readonly weights: readonly TensorEntry[];
}

/** The files of which `saveHuggingFaceFolder` and `exportModel` make a folder, for where there are no folders. */
export function modelFiles(format: "hf" | "book", { model, tokenizer, dtype = "F32", extra }: SaveOptions): ModelFiles {
  const { config } = model;
  const { eosId } = tokenizer;
  const texts = tokenizerFiles(tokenizer, config.contextLength, extra?.tokenizerConfig);
  texts.set("config.json", `${JSON.stringify({ ...configToHuggingFace(config, eosId), ...extra?.config }, null, 2)}\n`);
  const generation = eosId === undefined ? {} : { bos_token_id: eosId, eos_token_id: eosId };
  texts.set("generation_config.json", `${JSON.stringify(generation, null, 2)}\n`);
  const entries = weightEntries({ config, format, dtype: () => dtype, read: reader(model) });
  return { texts, weights: [...entries, ...(extra?.tensors ?? [])] };
}

/** Reads a model's parameters by name. */
export function reader(model: SavedModel): (name: string) => Promise<Float32Array> {
  const parameters = model.namedParameters();
  return async (name) => (await parameters.get(name)!.data()) as Float32Array;
}
