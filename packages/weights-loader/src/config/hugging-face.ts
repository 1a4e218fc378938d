import type { GPTConfig } from "@scratch-llm/gpt";
import { WeightsError } from "../errors.ts";
import { checkConfig, readFields, readOwnConfig } from "./fields.ts";

/** What GPT-2's code in transformers can be told that our model does not do: the only values that it takes. */
const REQUIRED: Readonly<Record<string, readonly unknown[]>> = {
  model_type: ["gpt2"],
  activation_function: ["gelu_new", "gelu_pytorch_tanh"], // two names of the tanh approximation
  layer_norm_epsilon: [1e-5],
  scale_attn_weights: [true],
  scale_attn_by_inverse_layer_idx: [false],
  add_cross_attention: [false],
};

/**
 * The content of a `config.json` (parsed) as our configuration. Where the file was written by us, `scratch_llm` has it
 * to the letter; else it is a GPT-2's, with query, key and value biases and, unless said otherwise, a tied head.
 *
 * @throws {WeightsError} `CONFIG_INVALID` when a field is missing or no number, `CONFIG_UNSUPPORTED` for another model
 */
export function configFromHuggingFace(json: object): GPTConfig {
  const own = readOwnConfig(json);
  if (own !== undefined) return own;
  const fields = json as Readonly<Record<string, unknown>>;
  for (const [name, allowed] of Object.entries(REQUIRED)) {
    const value = fields[name] ?? (name === "model_type" ? undefined : allowed[0]);
    if (!allowed.includes(value)) {
      throw new WeightsError(
        "CONFIG_UNSUPPORTED",
        `config.json has ${name} ${JSON.stringify(value)}; this loads GPT-2 with ${allowed.map((item) => JSON.stringify(item)).join(" or ")} only.`,
      );
    }
  }
  const { vocab_size, n_positions, n_embd, n_head, n_layer } = readFields(fields, "config.json", [
    "vocab_size",
    "n_positions",
    "n_embd",
    "n_head",
    "n_layer",
  ]);
  if (fields["n_inner"] !== undefined && fields["n_inner"] !== null && fields["n_inner"] !== 4 * n_embd) {
    throw new WeightsError(
      "CONFIG_UNSUPPORTED",
      `config.json has n_inner ${String(fields["n_inner"])}, not 4 × n_embd.`,
    );
  }
  const config = {
    vocabSize: vocab_size,
    contextLength: n_positions,
    embDim: n_embd,
    nHeads: n_head,
    nLayers: n_layer,
    dropRate: typeof fields["resid_pdrop"] === "number" ? fields["resid_pdrop"] : 0.1,
    qkvBias: true,
    tieWeights: fields["tie_word_embeddings"] !== false,
  };
  return checkConfig(config, "config.json");
}

/** The `config.json` that transformers reads, with ours to the letter under `scratch_llm`. */
export function configToHuggingFace(config: GPTConfig, eosId: number | undefined): object {
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: config.vocabSize,
    n_positions: config.contextLength,
    n_embd: config.embDim,
    n_head: config.nHeads,
    n_layer: config.nLayers,
    n_inner: null,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    initializer_range: 0.02,
    embd_pdrop: config.dropRate,
    attn_pdrop: config.dropRate,
    resid_pdrop: config.dropRate,
    bos_token_id: eosId ?? null,
    eos_token_id: eosId ?? null,
    tie_word_embeddings: config.tieWeights ?? false,
    scratch_llm: config,
  };
}
