import { readFile } from "node:fs/promises";
import { DataLoader, type Dataset } from "@scratch-llm/dataloader";
import { GPTModelFast } from "@scratch-llm/gpt";
import type { Generator } from "@scratch-llm/nn";
import { addClassHead } from "../src/class-head.ts";
import type { TokenPosition } from "../src/settings.ts";
import { collateTexts, type EncodedText, type TextBatch } from "../src/spam-dataset.ts";

/** Float32 values in base64. */
export interface Packed {
  readonly base64: string;
}

interface Texts {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** What fixtures/finetune-classifier/make_parity.py writes. */
interface Parity {
  readonly seed: number;
  readonly pad: number;
  readonly classes: number;
  readonly inputs: number[][];
  readonly targets: number[];
  readonly variants: readonly {
    readonly position: TokenPosition;
    readonly causal: boolean;
    readonly logits: number[][];
    readonly loss: number;
    readonly accuracy: number;
    readonly gradients: Readonly<Record<string, Packed>>;
  }[];
  readonly adamw: { readonly lr: number; readonly weight_decay: number };
  readonly batchSize: number;
  readonly epochs: number;
  readonly evalFreq: number;
  readonly evalIter: number;
  readonly train: Texts;
  readonly val: Texts;
  readonly run: {
    readonly trainLosses: number[];
    readonly valLosses: number[];
    readonly trainAccs: number[];
    readonly valAccs: number[];
    readonly examplesSeen: number;
    readonly nextDraw: number;
  };
}

export const parity: Parity = JSON.parse(
  await readFile(new URL("../../../fixtures/finetune-classifier/parity.json", import.meta.url), "utf8"),
);

export const unpack = ({ base64 }: Packed): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);

const CONFIG = { vocabSize: 40, contextLength: 10, embDim: 8, nHeads: 2, nLayers: 2, qkvBias: true } as const;

/** The fixture's model with its head; the generator is left where PyTorch's is. */
export function buildModel(generator: Generator, { causalMask = true, dropRate = 0 } = {}): GPTModelFast {
  generator.manualSeed(parity.seed);
  const model = new GPTModelFast({ ...CONFIG, dropRate }, { generator });
  generator.manualSeed(parity.seed);
  addClassHead(model, { numClasses: parity.classes, generator, causalMask });
  return model;
}

/** The fixture's loaders: shuffled whole batches to train on, all in order to validate. */
export function buildLoaders(
  generator: Generator,
): Record<"trainLoader" | "valLoader", DataLoader<EncodedText, TextBatch>> {
  const dataset = ({ rows, labels }: Texts): Dataset<EncodedText> => ({
    length: rows.length,
    get: (i) => ({ ids: Int32Array.from(rows[i] ?? []), label: labels[i] ?? -1 }),
  });
  const options = { batchSize: parity.batchSize, generator, collate: collateTexts };
  return {
    trainLoader: new DataLoader(dataset(parity.train), options),
    valLoader: new DataLoader(dataset(parity.val), { ...options, shuffle: false, dropLast: false }),
  };
}
