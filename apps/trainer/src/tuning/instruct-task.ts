import {
  checkInstructions,
  collateInstructions,
  type Instruction,
  InstructionDataset,
} from "@scratch-llm/finetune-instruct";
import { trainModel } from "@scratch-llm/pretrain";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import { INSTRUCT_PRESETS, InstructConfig } from "./answer-config.ts";
import { answeringTask, makeLoaders } from "./answering-task.ts";
import { batchWidths, type TuningTask } from "./tuning-task.ts";

/** Chapter 7: tasks with an answer. */
export const INSTRUCT_TASK: TuningTask<InstructConfig> = answeringTask<InstructConfig, Instruction>({
  command: "instruct",
  settings: { schema: InstructConfig, presets: INSTRUCT_PRESETS },
  builtIn: SAMPLE_SETS.instructions,
  bookPreset: "book-ch07",
  check: checkInstructions,
  async prepare({ config, data, tokenizer, format, maxLength, padding }) {
    const { batchSize } = config.train;
    const collate = collateInstructions({ ...padding, maskInstructions: config.data.maskPrompts });
    const [train, val] = [data.train, data.val].map(
      (entries) => new InstructionDataset(entries, tokenizer, { format, maxLength }),
    ) as [InstructionDataset, InstructionDataset];
    const loaders = makeLoaders(train, val, { batchSize, collate });
    return {
      skipped: train.skipped.length + val.skipped.length,
      widths: batchWidths(train, batchSize, ({ ids }) => ids.length, maxLength),
      rowsPerEntry: 1,
      trainLoader: loaders.trainLoader,
      events: (loop) => trainModel({ ...loop, tokenizer, ...loaders }),
    };
  },
});
