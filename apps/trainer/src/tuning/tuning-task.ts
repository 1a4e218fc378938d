import type { Dataset } from "@scratch-llm/dataloader";
import type { GPTModelFast } from "@scratch-llm/gpt";
import type { AdamW } from "@scratch-llm/nn";
import type { EpochEvent, EvalEvent, Losses, TrainEvent, TrainState } from "@scratch-llm/pretrain";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import type { Context } from "../flags.ts";
import type { LoopOptions } from "../loop-options.ts";
import type { Settings } from "../resolve-config.ts";
import type { RunFolder } from "../run-folder.ts";
import type { StepCompiler } from "../step-compiler.ts";
import type { Curve } from "../training-report.ts";
import type { Parts } from "./data-file.ts";
import type { TuningConfig } from "./tuning-config.ts";
import type { TuningPlan } from "./tuning-plan.ts";

/** What a task has to work with before the first step. */
export interface TuningMaterial {
  /** The model as it was before the run. */
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly compiler: StepCompiler;
}

/** What drives the loop, besides what the task itself knows. */
export interface TuningLoop extends LoopOptions {
  readonly model: GPTModelFast;
  readonly optimizer: AdamW;
  readonly resume?: TrainState;
}

/** How wide batches are, in tokens. */
export interface Widths {
  readonly longest: number;
  /** Of a batch on average. */
  readonly typical: number;
}

/** A task that is ready to be trained. */
export interface PreparedTask {
  /** Entries left out because nothing of their answer would be left. */
  readonly skipped: number;
  /** Entries of which the first tokens are used alone. */
  readonly truncated?: number;
  readonly widths: Widths;
  /** Rows that an entry becomes. */
  readonly rowsPerEntry: number;
  readonly trainLoader: { readonly length: number };
  readonly events: (loop: TuningLoop) => AsyncIterable<TrainEvent<Losses, object>>;
  /** What an evaluation has found besides the losses. */
  readonly evalRemark?: (event: EvalEvent) => string;
  /** What an epoch has found. */
  readonly epochLine?: (event: EpochEvent<object>) => string;
  readonly curves?: readonly Omit<Curve, "title">[];
  /** Saves what has been learned. */
  save(folder: string): Promise<void>;
  /** Puts what a checkpoint has learned into the model. */
  restore(checkpoint: string): Promise<void>;
  /** Looks at what the model can do now; what it finds stands in the last event. */
  finish(folder: RunFolder, context: Context): Promise<Readonly<Record<string, unknown>>>;
}

/** A task whose data are read and in order. */
interface OpenTask {
  readonly entries: Parts<number>;
  /** Makes data sets, and of the model what is to be trained. */
  prepare(material: TuningMaterial, context: Context): Promise<PreparedTask>;
}

/** What `train classify`, `train instruct` and `train dpo` differ in. */
export interface TuningTask<C extends TuningConfig> {
  /** The verb of `train`. */
  readonly command: string;
  readonly settings: Settings<C>;
  /** What is learned without `--data`, and then the preset `quickstart`. */
  readonly builtIn: URL;
  /** The preset for data of one's own. */
  readonly bookPreset: string;
  /** Settings with the contents of the files that they name. */
  settle(config: C, init: string): Promise<C>;
  /** Finds what may be wrong with data or settings before anything is set up or loaded. */
  open(plan: TuningPlan<C>): OpenTask;
}

/** Widths of the batches of a data set, in its own order. */
export function batchWidths<Item>(
  dataset: Dataset<Item>,
  batchSize: number,
  lengthOf: (item: Item) => number,
  limit: number,
): Widths {
  const lengths = Array.from({ length: dataset.length }, (_, i) => Math.min(limit, lengthOf(dataset.get(i))));
  const widths: number[] = [];
  for (let i = 0; i < lengths.length; i += batchSize) widths.push(Math.max(...lengths.slice(i, i + batchSize)));
  const sum = widths.reduce((total, width) => total + width, 0);
  return { longest: Math.max(1, ...widths), typical: Math.max(1, sum / Math.max(1, widths.length)) };
}
