import { GPT_CONFIG_124M, type GPTConfig } from "@scratch-llm/gpt";
import { describe, expect, it } from "vitest";
import { WeightsError } from "../errors.ts";
import { configFromBookShapes } from "./book.ts";
import { configFromHuggingFace, configToHuggingFace } from "./hugging-face.ts";
import { configFromOpenAI } from "./openai.ts";

/** The `config.json` of the "gpt2" that is published. */
const gpt2 = {
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0.1,
  layer_norm_epsilon: 1e-5,
  model_type: "gpt2",
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  resid_pdrop: 0.1,
  vocab_size: 50257,
};
const published = { ...GPT_CONFIG_124M, qkvBias: true, tieWeights: true };

const codeOf = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    if (error instanceof WeightsError) return error.code;
    throw error;
  }
  return "no error";
};

describe("config.json", () => {
  it("is a GPT-2's, biases and tied head included", () => {
    expect(configFromHuggingFace(gpt2)).toEqual(published);
    expect(configFromHuggingFace({ ...gpt2, tie_word_embeddings: false }).tieWeights).toBe(false);
  });

  it("gives back ours to the letter", () => {
    const ours: GPTConfig = { ...GPT_CONFIG_124M, dropRate: 0 };
    expect(configFromHuggingFace(configToHuggingFace(ours, 50256))).toEqual(ours);
    expect(configToHuggingFace(ours, undefined)).toMatchObject({ eos_token_id: null, tie_word_embeddings: false });
  });

  it.each([
    ["another model", { model_type: "llama" }, "CONFIG_UNSUPPORTED"],
    ["no model type", { model_type: undefined }, "CONFIG_UNSUPPORTED"],
    ["another activation", { activation_function: "relu" }, "CONFIG_UNSUPPORTED"],
    ["another epsilon", { layer_norm_epsilon: 1e-6 }, "CONFIG_UNSUPPORTED"],
    ["scaling by layer", { scale_attn_by_inverse_layer_idx: true }, "CONFIG_UNSUPPORTED"],
    ["a feed-forward of another width", { n_inner: 1000 }, "CONFIG_UNSUPPORTED"],
    ["no layers", { n_layer: undefined }, "CONFIG_INVALID"],
    ["a text for a number", { n_embd: "768" }, "CONFIG_INVALID"],
    ["half a head", { n_head: 11 }, "CONFIG_INVALID"],
    ["ours that is no object", { scratch_llm: 3 }, "CONFIG_INVALID"],
    ["ours with a number missing", { scratch_llm: { ...published, embDim: undefined } }, "CONFIG_INVALID"],
  ])("refuses %s", (_, fields, code) => {
    expect(codeOf(() => configFromHuggingFace({ ...gpt2, ...fields }))).toBe(code);
  });
});

describe("hparams.json", () => {
  it("is OpenAI's", () => {
    expect(configFromOpenAI({ n_vocab: 50257, n_ctx: 1024, n_embd: 768, n_head: 12, n_layer: 12 })).toEqual(published);
  });

  it("refuses what is missing, and says which", () => {
    expect(() => configFromOpenAI({ n_vocab: 50257, n_ctx: 1024 })).toThrow("hparams.json: n_embd is undefined");
  });
});

describe("a book state dict without a configuration", () => {
  const tensors = new Map<string, { shape: readonly number[] }>([
    ["tok_emb.weight", { shape: [300, 128] }],
    ["pos_emb.weight", { shape: [32, 128] }],
    ["trf_blocks.0.norm1.scale", { shape: [128] }],
    ["trf_blocks.1.norm1.scale", { shape: [128] }],
    ["trf_blocks.0.att.W_query.bias", { shape: [128] }],
    ["out_head.weight", { shape: [300, 128] }],
  ]);

  it("tells its configuration by its shapes, with heads as wide as a GPT-2's", () => {
    expect(configFromBookShapes(tensors)).toMatchObject({
      vocabSize: 300,
      contextLength: 32,
      embDim: 128,
      nHeads: 2,
      nLayers: 2,
      qkvBias: true,
      tieWeights: false,
    });
    expect(configFromBookShapes(tensors, 4).nHeads).toBe(4);
  });

  it("asks for the heads where the width does not tell", () => {
    const odd = new Map(tensors)
      .set("tok_emb.weight", { shape: [300, 100] })
      .set("pos_emb.weight", { shape: [32, 100] });
    expect(() => configFromBookShapes(odd)).toThrow(/give nHeads/);
    expect(configFromBookShapes(odd, 10).nHeads).toBe(10);
    expect(codeOf(() => configFromBookShapes(new Map()))).toBe("CONFIG_INVALID");
  });
});
