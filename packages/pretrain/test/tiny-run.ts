import { DataLoader, GPTDatasetV1 } from "@scratch-llm/dataloader";
import { type GPTConfig, GPTModelFast } from "@scratch-llm/gpt";
import { AdamW, type DropoutSource, FastDropout, Generator, TorchDropout } from "@scratch-llm/nn";
import { type Tokenizer, trainBPE } from "@scratch-llm/tokenizer";

const CONFIG: GPTConfig = {
  vocabSize: 257,
  contextLength: 8,
  embDim: 16,
  nHeads: 2,
  nLayers: 1,
  dropRate: 0.1,
  qkvBias: false,
};

/** A text with a rhythm: bytes that a tiny model learns in some tens of steps. */
const TEXT = Array.from({ length: 30 }, (_, i) => `${"abcdefgh"[i % 8]}${"xyz"[i % 3]}-`).join("");

export const tokenizer: Tokenizer = trainBPE([TEXT], { vocabSize: 257 });

/** A whole run in miniature. */
export interface TinyRun {
  readonly generator: Generator;
  readonly model: GPTModelFast;
  readonly optimizer: AdamW;
  readonly dropout: DropoutSource;
  readonly trainLoader: DataLoader;
  readonly valLoader: DataLoader;
  readonly tokenizer: Tokenizer;
  readonly startContext: string;
  dispose(): void;
}

export interface TinyRunOptions {
  readonly seed?: number;
  readonly dropout?: "torch" | "fast";
  readonly dropRate?: number;
  readonly lr?: number;
  readonly batchSize?: number;
  readonly shuffle?: boolean;
}

/** Model, optimizer and loaders, drawn in the book's order: seed, model, loaders. 5 steps per epoch at batch size 2. */
export function tinyRun(options: TinyRunOptions = {}): TinyRun {
  const { seed = 123, dropout = "torch", dropRate = 0.1, lr = 0.01, batchSize = 2, shuffle = true } = options;
  const generator = new Generator(seed);
  const model = new GPTModelFast({ ...CONFIG, dropRate }, { generator });
  const ids = tokenizer.encode(TEXT); // 90 tokens, one per byte
  const windows = { maxLength: 6, stride: 6 };
  const train = new GPTDatasetV1(ids.subarray(0, 61), undefined, windows); // 10 windows
  const val = new GPTDatasetV1(ids.subarray(61), undefined, windows); // 4 windows
  const optimizer = new AdamW(model.namedParameters(), { lr, weightDecay: 0.1 });
  return {
    generator,
    model,
    optimizer,
    dropout: dropout === "torch" ? new TorchDropout(generator) : new FastDropout(generator),
    trainLoader: new DataLoader(train, { batchSize, shuffle, generator }),
    valLoader: new DataLoader(val, { batchSize, shuffle: false, dropLast: false, generator }),
    tokenizer,
    startContext: "ax-by",
    dispose() {
      model.dispose();
      optimizer.dispose();
    },
  };
}
