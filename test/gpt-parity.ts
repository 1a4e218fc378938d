import { readFile } from "node:fs/promises";
import type { GPTConfig } from "@scratch-llm/gpt";

/** Numbers of PyTorch as the scripts in fixtures/ write them. */
export interface Packed {
  readonly base64: string;
}

/** What fixtures/gpt/make_parity.py writes: PyTorch's numbers. */
interface Parity {
  readonly seed: number;
  readonly ids: number[][];
  readonly targets: number[][];
  readonly initialSha256: string;
  readonly logits: Packed;
  readonly loss: number;
  readonly gradients: Record<string, Packed>;
  readonly adamw: { lr: number; weight_decay: number };
  readonly losses: number[];
  readonly trained: Record<string, Packed>;
  readonly sampling: { max_new_tokens: number; temperature: number; top_k: number };
  readonly sampled: number[];
  readonly dropoutRate: number;
  readonly dropoutLogits: Packed;
}

export const parity: Parity = JSON.parse(
  await readFile(new URL("../fixtures/gpt/parity.json", import.meta.url), "utf8"),
) as Parity;

/** The model that the fixture was made with. */
export const PARITY_CONFIG: GPTConfig = {
  vocabSize: 48,
  contextLength: 8,
  embDim: 16,
  nHeads: 4,
  nLayers: 2,
  dropRate: 0,
  qkvBias: false,
};

export function unpack({ base64 }: Packed): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
}
