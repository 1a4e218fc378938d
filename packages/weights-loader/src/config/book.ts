import type { GPTConfig } from "@scratch-llm/gpt";
import { WeightsError } from "../errors.ts";
import { checkConfig } from "./fields.ts";

/** Width of every GPT-2's attention heads, the only number that shapes do not tell. */
const HEAD_WIDTH = 64;

/**
 * The configuration of a book state dict, which comes without a file of its own, from the shapes of its tensors.
 * The number of heads is that of a GPT-2 of the same width (768 → 12) unless `nHeads` is given.
 *
 * @throws {WeightsError} `CONFIG_INVALID` when the shapes do not tell
 */
export function configFromBookShapes(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  nHeads?: number,
): GPTConfig {
  const [vocabSize, embDim] = sizesOf(tensors, "tok_emb.weight");
  const [contextLength] = sizesOf(tensors, "pos_emb.weight");
  const layers = [...tensors.keys()].filter((name) => /^trf_blocks\.\d+\.norm1\.scale$/.test(name));
  if (nHeads === undefined && embDim % HEAD_WIDTH !== 0) {
    throw new WeightsError(
      "CONFIG_INVALID",
      `Shapes do not tell how many heads a model of width ${embDim} has; give nHeads, or put a config.json beside the weights.`,
    );
  }
  const config = {
    vocabSize,
    contextLength,
    embDim,
    nHeads: nHeads ?? embDim / HEAD_WIDTH,
    nLayers: layers.length,
    dropRate: 0.1,
    qkvBias: tensors.has("trf_blocks.0.att.W_query.bias"),
    tieWeights: !tensors.has("out_head.weight"),
  };
  return checkConfig(config, "the state dict");
}

function sizesOf(tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>, name: string): [number, number] {
  const shape = tensors.get(name)?.shape;
  if (shape?.length !== 2) {
    throw new WeightsError(
      "CONFIG_INVALID",
      `A book state dict has a matrix ${name}; here it is ${JSON.stringify(shape)}.`,
    );
  }
  return shape as [number, number];
}
