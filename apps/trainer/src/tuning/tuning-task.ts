import type { Dataset } from "@scratch-llm/dataloader";
import type { PromptFormat, SplitData, Task } from "@scratch-llm/finetune-instruct";
import type { GPTModelFast } from "@scratch-llm/gpt";
import type { AdamW } from "@scratch-llm/nn";
import type { EvalEvent, TrainEvent, TrainState } from "@scratch-llm/pretrain";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import type { LoopOptions } from "../loop-options.ts";
import type { Messages } from "../messages/messages.ts";
import type { Settings } from "../resolve-config.ts";
import type { StepCompiler } from "../step-compiler.ts";
import type { Curve } from "../training-report.ts";
import type { InstructConfig } from "./tuning-config.ts";

/** What a task has to work with before the first step. */
interface TuningMaterial<C, T> {
  readonly config: C;
  readonly data: SplitData<T>;
  /** The model as it was before the run. */
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly format: PromptFormat;
  /** Longest row in tokens. */
  readonly maxLength: number;
  readonly compiler: StepCompiler;
}

/** What drives the loop, besides what the task itself knows. */
interface TuningLoop extends LoopOptions {
  readonly model: GPTModelFast;
  readonly optimizer: AdamW;
  readonly resume?: TrainState;
}

/** A task that is ready to be trained. */
export interface PreparedTask {
  /** Entries left out because nothing of their answer would be left. */
  readonly skipped: number;
  /** Tokens of the longest row. */
  readonly longest: number;
  /** Rows that an entry becomes. */
  readonly rowsPerEntry: number;
  readonly trainLoader: { readonly length: number; readonly dataset: { readonly length: number } };
  readonly events: (loop: TuningLoop) => AsyncIterable<TrainEvent>;
  /** What an evaluation has found besides the losses. */
  readonly evalRemark?: (event: EvalEvent) => string;
  readonly curves?: readonly Omit<Curve, "title">[];
}

/** What `train instruct` and `train dpo` differ in. */
export interface TuningTask<C extends InstructConfig, T extends Task> {
  /** The verb of `train`. */
  readonly command: string;
  readonly settings: Settings<C>;
  /** What is learned without `--data`, and then the preset `quickstart`. */
  readonly builtIn: URL;
  /** The preset for data of one's own. */
  readonly bookPreset: string;
  check(entries: readonly object[]): T[];
  prepare(material: TuningMaterial<C, T>, messages: Messages): Promise<PreparedTask>;
}

/** Tokens of a data set's longest row; 0 without any. */
export function longestRow<Item>(dataset: Dataset<Item>, lengthOf: (item: Item) => number): number {
  let longest = 0;
  for (let i = 0; i < dataset.length; i++) longest = Math.max(longest, lengthOf(dataset.get(i)));
  return longest;
}
