import {
  checkPreferences,
  collateReferenced,
  type DpoMeasures,
  type Preference,
  PreferenceDataset,
  trainDpo,
  withReference,
} from "@scratch-llm/finetune-instruct";
import type { EvalEvent } from "@scratch-llm/pretrain";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import { interrupted } from "../interrupt.ts";
import { fill } from "../messages/messages.ts";
import { DPO_PRESETS, DpoConfig } from "./answer-config.ts";
import { answeringTask, makeLoaders } from "./answering-task.ts";
import { batchWidths, type TuningTask } from "./tuning-task.ts";

/** The DPO notebook of chapter 7: tasks with a better and a worse answer. The model before the run is the reference. */
export const DPO_TASK: TuningTask<DpoConfig> = answeringTask<DpoConfig, Preference>({
  command: "dpo",
  settings: { schema: DpoConfig, presets: DPO_PRESETS },
  builtIn: SAMPLE_SETS.preferences,
  bookPreset: "book-dpo",
  check: checkPreferences,
  async prepare({ config, data, model, tokenizer, format, maxLength, padding, compiler }, messages) {
    const { batchSize } = config.train;
    const options = { ...padding, maskPromptTokens: config.data.maskPrompts };
    const { compile } = compiler;
    const asking = { ...options, ...(compile && { compile }), batchSize, signal: interrupted };
    const datasets = [data.train, data.val].map(
      (entries) => new PreferenceDataset(entries, tokenizer, { format, maxLength }),
    ) as [PreferenceDataset, PreferenceDataset];
    const [train, val] = [
      await withReference(datasets[0], model, asking),
      await withReference(datasets[1], model, asking),
    ];
    const loaders = makeLoaders(train, val, { batchSize, collate: collateReferenced(options) });
    return {
      widths: batchWidths(
        train,
        batchSize,
        ({ chosen, rejected }) => Math.max(chosen.length, rejected.length),
        maxLength,
      ),
      rowsPerEntry: 2,
      skipped: datasets[0].skipped.length + datasets[1].skipped.length,
      trainLoader: loaders.trainLoader,
      events: (loop) => trainDpo({ ...loop, tokenizer, ...loaders, beta: config.beta }),
      evalRemark: (event) => {
        const { trainRewardMargin, valRewardMargin, valAccuracy } = measures(event);
        return fill(messages.tuning.margins, {
          train: trainRewardMargin.toFixed(3),
          val: valRewardMargin.toFixed(3),
          accuracy: (100 * valAccuracy).toFixed(1),
        });
      },
      curves: [
        {
          name: "reward-margins",
          labels: messages.marginPlot,
          point: (event) => {
            if (event.type !== "eval") return undefined;
            const { trainRewardMargin: train, valRewardMargin: val } = measures(event);
            return { epoch: event.epoch, seen: event.tokensSeen, train, val };
          },
        },
      ],
    };
  },
});

/** The evaluations of `trainDpo` have these besides the losses. */
function measures(event: EvalEvent): DpoMeasures {
  return event as EvalEvent<DpoMeasures>;
}
