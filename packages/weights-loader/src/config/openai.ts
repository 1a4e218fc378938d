import type { GPTConfig } from "@scratch-llm/gpt";
import { checkConfig, readFields } from "./fields.ts";

/**
 * The content of OpenAI's `hparams.json` (parsed) as our configuration: biases everywhere, the head tied.
 *
 * @throws {WeightsError} `CONFIG_INVALID`
 */
export function configFromOpenAI(json: object): GPTConfig {
  const names = ["n_vocab", "n_ctx", "n_embd", "n_head", "n_layer"] as const;
  const { n_vocab, n_ctx, n_embd, n_head, n_layer } = readFields(
    json as Record<string, unknown>,
    "hparams.json",
    names,
  );
  const config = {
    vocabSize: n_vocab,
    contextLength: n_ctx,
    embDim: n_embd,
    nHeads: n_head,
    nLayers: n_layer,
    dropRate: 0.1, // not in the file; what the model was trained with, by its paper
    qkvBias: true,
    tieWeights: true,
  };
  return checkConfig(config, "hparams.json");
}
