import type { BlockStage } from "../../engine/protocol.ts";

/** What a stage is called, and what happens in it. */
interface StageWords {
  readonly name: string;
  readonly what: string;
}

const stages: Readonly<Record<BlockStage, StageWords>> = {
  input: {
    name: "Input",
    what: "The token's vector as it comes into the block: its embedding, or what the block below made of it.",
  },
  norm1: {
    name: "LayerNorm 1",
    what: "Brought to mean 0 and variance 1, then scaled and shifted by what the model has learned.",
  },
  query: { name: "Queries", what: "What the token asks for, one vector per head." },
  key: { name: "Keys", what: "What the token offers to be found by, one vector per head." },
  value: { name: "Values", what: "What the token hands to those who look at it, one vector per head." },
  scores: {
    name: "Scores",
    what: "Its query times the key of every token up to itself, divided by the root of the head's width.",
  },
  weights: { name: "Weights", what: "Softmax of the scores: shares that sum to 1 in every head." },
  context: { name: "Context", what: "The values of those tokens, mixed by the weights, one vector per head." },
  outProj: {
    name: "Output projection",
    what: "The heads side by side, mixed into one vector (GPT-2 calls it c_proj).",
  },
  shortcut1: { name: "+ shortcut", what: "Added to what came in: the block only has to learn a change." },
  norm2: { name: "LayerNorm 2", what: "Normalised once more, for the feed-forward network." },
  expand: { name: "Expand", what: "A linear layer to four times the width." },
  gelu: { name: "GELU", what: "Lets large numbers through and holds negative ones back, smoothly." },
  contract: { name: "Contract", what: "A linear layer back to the model's width." },
  output: { name: "+ shortcut = output", what: "Added to what came in; the next block's input." },
};

export const en = {
  title: "Inside one block",
  lead: "Follow one token through a transformer block, step by step, with the numbers that the model really computes.",
  text: "Text",
  tokens: "Tokens; choose the one to follow",
  block: "Block",
  steps: "Steps",
  back: "Back",
  next: "Next step",
  stages,
  shape: (shape: string) => `Shape (${shape})`,
  statistics: (mean: string, deviation: string, low: string, high: string) =>
    `mean ${mean}, standard deviation ${deviation}, from ${low} to ${high}`,
  head: (head: number) => `head ${head}`,
  numbers: "The numbers",
  index: "index",
};

export type Words = typeof en;
