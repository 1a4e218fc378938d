import type { GPTConfigName } from "@scratch-llm/gpt";
import type { TokenPosition } from "../settings.ts";
import type { TrainableLayers } from "../trainable.ts";

/** Percentages of rightly classified texts, and minutes on an A100, as the book's repository lists them. */
export interface BookResult {
  readonly train: number;
  readonly val: number;
  readonly test: number;
  readonly minutes: number;
}

/** One row of the book's additional experiments (ch06/02): everything that decides a run but the data. */
export interface Experiment {
  readonly row: number;
  /** In what it differs from the first row. */
  readonly name: string;
  readonly model: GPTConfigName;
  readonly weights: "pretrained" | "random";
  readonly trainable: TrainableLayers;
  /** Its product is multiplied by alpha, as in the book's script. */
  readonly lora: { readonly rank: number; readonly alpha: number };
  readonly position: TokenPosition;
  /** Texts are filled up to the longest training text, to the model's context, or not at all. */
  readonly length: "longest" | "context" | "own";
  readonly batchSize: number;
  readonly accumulationSteps: number;
  readonly causalMask: boolean;
  readonly ignoreIndex: number;
  readonly book: BookResult;
}

/** The first row, chapter 6 itself; the others change one thing or two. */
const CHAPTER_6: Omit<Experiment, "row" | "name" | "book"> = {
  model: "gpt2-124M",
  weights: "pretrained",
  trainable: "last_block",
  lora: { rank: 8, alpha: 8 },
  position: "last",
  length: "longest",
  batchSize: 8,
  accumulationSteps: 1,
  causalMask: true,
  ignoreIndex: -100,
};

type Row = readonly [name: string, changes: Partial<Experiment>, book: readonly [number, number, number, number]];

const ROWS: readonly Row[] = [
  ["chapter 6: last token, last block", {}, [96.63, 99.33, 95, 0.28]],
  ["first token", { position: "first" }, [78.46, 80.54, 75, 0.28]],
  ["last layer", { trainable: "last_layer" }, [78.65, 79.87, 72, 0.25]],
  ["last two blocks", { trainable: "last_two_blocks" }, [98.85, 98.66, 98.33, 0.33]],
  ["all layers", { trainable: "all" }, [99.62, 96.64, 96.67, 0.69]],
  ["355M", { model: "gpt2-355M" }, [87.5, 91.28, 84.67, 0.75]],
  ["774M", { model: "gpt2-774M" }, [99.52, 98.66, 96.67, 1.5]],
  ["1558M", { model: "gpt2-1558M" }, [99.81, 99.81, 98.33, 2.83]], // 99.81 % of 149 texts cannot be: it is as printed
  ["1558M, all layers", { model: "gpt2-1558M", trainable: "all" }, [100, 98.66, 98.67, 8.12]],
  ["random weights, all layers", { weights: "random", trainable: "all" }, [100, 96.64, 93.67, 0.69]],
  ["LoRA", { trainable: "lora", lora: { rank: 16, alpha: 16 } }, [100, 97.32, 96.67, 0.75]],
  ["1558M, LoRA", { model: "gpt2-1558M", trainable: "lora", lora: { rank: 16, alpha: 8 } }, [100, 98.66, 98.33, 5.79]],
  ["filled up to the context", { length: "context" }, [83.08, 87.92, 78.33, 2.46]],
  ["no padding, batches of 1", { length: "own", batchSize: 1 }, [100, 98.66, 98, 1.75]],
  ["no padding, 8 × 1", { length: "own", batchSize: 1, accumulationSteps: 8 }, [99.33, 98.66, 98.33, 1.7]],
  ["last token that is no padding", { position: "flexible" }, [99.42, 98.66, 98.33, 0.3]],
  ["no causal mask", { causalMask: false }, [99.23, 98.66, 95.33, 0.29]],
  // The book's script reads --ignore_index and does not use it; no class has this number, so that it changes nothing here either.
  ["ignored class 50256", { ignoreIndex: 50_256 }, [96.63, 99.33, 95, 0.28]],
  ["mean of all tokens", { position: "average" }, [97.79, 99.33, 96.33, 0.32]],
];

/**
 * The 19 rows of the book's additional experiments (ch06/02), in its order.
 *
 * @example
 * const lora = EXPERIMENTS.find(({ trainable }) => trainable === "lora");
 */
export const EXPERIMENTS: readonly Experiment[] = ROWS.map(([name, changes, [train, val, test, minutes]], i) => ({
  ...CHAPTER_6,
  ...changes,
  row: i + 1,
  name,
  book: { train, val, test, minutes },
}));
