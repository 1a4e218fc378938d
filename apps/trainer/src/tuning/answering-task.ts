import { DataLoader, type Dataset } from "@scratch-llm/dataloader";
import {
  type CollateOptions,
  parseEntries,
  type PromptFormat,
  respondAll,
  splitData,
  type Task,
} from "@scratch-llm/finetune-instruct";
import type { GPTModelFast } from "@scratch-llm/gpt";
import type { Losses, TrainEvent } from "@scratch-llm/pretrain";
import { writeFileAtomic } from "@scratch-llm/safetensors/node";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { TrainerError } from "../errors.ts";
import type { Context } from "../flags.ts";
import { interrupted } from "../interrupt.ts";
import { fill, type Messages } from "../messages/messages.ts";
import type { RunFolder } from "../run-folder.ts";
import type { InstructConfig } from "./answer-config.ts";
import type { DataFile, Parts } from "./data-file.ts";
import { makeFormat, readFormat } from "./prompt-formats.ts";
import { type AnsweredTask, responsesMarkdown } from "./responses-markdown.ts";
import { addLora, restoreTunedModel, saveTunedModel } from "./tuned-model.ts";
import type { PreparedTask, TuningLoop, TuningMaterial, TuningTask } from "./tuning-task.ts";

type Learned = TrainEvent<Losses, object>;

/** What a kind of answers has to learn from. */
interface AnswerMaterial<C, T> extends TuningMaterial {
  readonly config: C;
  readonly data: Parts<readonly T[]>;
  readonly format: PromptFormat;
  /** Longest row in tokens. */
  readonly maxLength: number;
  /** How rows become a batch. */
  readonly padding: Pick<CollateOptions, "padTokenId" | "allowedMaxLength" | "padToMultipleOf">;
}

/** The part of a prepared task that depends on what answers are learned from. */
type PreparedAnswers = Omit<PreparedTask, "save" | "restore" | "finish"> & {
  readonly trainLoader: { readonly length: number; readonly dataset: { readonly length: number } };
};

/** What `train instruct` and `train dpo` differ in. */
export interface AnsweringTask<C extends InstructConfig, T extends Task> extends Pick<
  TuningTask<C>,
  "command" | "settings" | "builtIn" | "bookPreset"
> {
  check(entries: readonly object[]): T[];
  prepare(material: AnswerMaterial<C, T>, messages: Messages): Promise<PreparedAnswers>;
}

/** A task that teaches a model to answer: entries in a prompt format, and answers written down at the end. */
export function answeringTask<C extends InstructConfig, T extends Task>(task: AnsweringTask<C, T>): TuningTask<C> {
  return {
    ...task,
    async settle(config, init) {
      const format = await readFormat(config.data.format, init);
      return { ...config, data: { ...config.data, format } };
    },
    open({ config, data: file, init }) {
      const data = readParts(task, file, config);
      const format = makeFormat(config.data.format);
      const { train, val, test } = data;
      return {
        entries: { train: train.length, val: val.length, test: test.length },
        async prepare(material, { messages }) {
          const { model, tokenizer } = material;
          const maxLength = Math.min(config.data.maxLength, model.config.contextLength);
          const padding = {
            ...(tokenizer.eosId !== undefined && { padTokenId: tokenizer.eosId }),
            allowedMaxLength: maxLength,
            padToMultipleOf: config.data.padToMultipleOf,
          };
          const prepared = await task.prepare({ ...material, config, data, format, maxLength, padding }, messages);
          requireBatch(prepared, config.train.batchSize, maxLength);
          if (config.lora !== null) addLora(model, config.lora);
          const { lora } = config;
          return {
            ...prepared,
            events: (loop) => untilEnd(prepared.events(withSample(loop, val[0], format)), tokenizer),
            save: (folder) => saveTunedModel(folder, { model, tokenizer, init, lora }),
            restore: (checkpoint) => restoreTunedModel(checkpoint, model, lora),
            finish: (folder, context) =>
              writeResponses(
                { config, tasks: test.length > 0 ? test : val, model, tokenizer, format },
                folder,
                context,
              ),
          };
        },
      };
    },
  };
}

/** Shuffled and whole batches to train on, every entry in its order to validate with. */
export function makeLoaders<Item, B>(
  train: Dataset<Item>,
  val: Dataset<Item>,
  options: { readonly batchSize: number; readonly collate: (items: readonly Item[]) => B },
): { trainLoader: DataLoader<Item, B>; valLoader: DataLoader<Item, B> } {
  return {
    trainLoader: new DataLoader<Item, B>(train, options),
    valLoader: new DataLoader<Item, B>(val, { ...options, shuffle: false, dropLast: false }),
  };
}

/** @throws {TrainerError} `DATA` when nothing is left to train or to validate with */
function readParts<C extends InstructConfig, T extends Task>(
  { check }: AnsweringTask<C, T>,
  { content }: DataFile,
  { data: { trainFraction, testFraction } }: C,
): Parts<T[]> {
  const entries = (text: string): T[] => check(parseEntries(text) as object[]);
  const data =
    typeof content === "string"
      ? splitData(entries(content), { train: trainFraction, test: testFraction })
      : { train: entries(content.train), val: entries(content.val), test: entries(content.test) };
  if (data.train.length > 0 && data.val.length > 0) return data;
  throw new TrainerError(
    "DATA",
    `The data give ${data.train.length} entries to train on and ${data.val.length} to validate. Give more, ` +
      `or other shares with --set data.trainFraction and data.testFraction.`,
  );
}

/** @throws {TrainerError} `DATA` when there is not one whole batch */
function requireBatch({ trainLoader, skipped }: PreparedAnswers, batchSize: number, maxLength: number): void {
  if (trainLoader.length > 0) return;
  const { length } = trainLoader.dataset;
  throw new TrainerError(
    "DATA",
    `${length} entries are left to train on (${skipped} do not fit into ${maxLength} tokens), fewer than one batch of ` +
      `${batchSize}. Try --set train.batchSize=${Math.max(1, length)}, or a shorter format: --set data.format=phi3.`,
  );
}

/** The loop encodes samples without special tokens, which chat templates need: those have none. */
function withSample({ sampleEvery, ...loop }: TuningLoop, task: Task | undefined, format: PromptFormat): TuningLoop {
  if (sampleEvery === undefined || task === undefined || format.specialTokens) return loop;
  return { ...loop, sampleEvery, startContext: format.prompt(task) + format.head };
}

/** The book's samples go on after the end of the text; an answer is over there. */
async function* untilEnd(events: AsyncIterable<Learned>, tokenizer: Tokenizer): AsyncGenerator<Learned> {
  const { eosId } = tokenizer;
  const end = eosId === undefined ? undefined : tokenizer.decode([eosId]);
  for await (const event of events) {
    yield event.type === "sample" && end !== undefined ? { ...event, text: event.text.split(end)[0] ?? "" } : event;
  }
}

/** What is asked at the end. */
interface Questions {
  readonly config: InstructConfig;
  readonly tasks: readonly Task[];
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly format: PromptFormat;
}

/** The model's answers to the first tasks that it has not learned from. */
async function writeResponses(
  { config, tasks, model, tokenizer, format }: Questions,
  folder: RunFolder,
  { output, messages }: Context,
): Promise<Record<string, unknown>> {
  const { count, maxNewTokens } = config.responses;
  const asked = tasks.slice(0, count);
  if (asked.length === 0) return {};
  const answered: AnsweredTask[] = [];
  const options = { model: model.eval(), tokenizer, format, maxNewTokens, signal: interrupted };
  for await (const { index, response } of respondAll(asked, options)) {
    const { instruction, input, ...entry } = asked[index] as Task & { output?: string; chosen?: string };
    const answer = { instruction, input, output: entry.chosen ?? entry.output ?? "", response };
    answered.push(answer);
    output.result(fill(messages.tuning.answer, { instruction: `${instruction} ${input}`.trim(), response }));
    output.event({ type: "response", index, ...answer });
  }
  const path = folder.file("responses.md");
  await writeFileAtomic(path, responsesMarkdown(answered, messages));
  output.note(fill(messages.tuning.written, { path }));
  return { responses: path };
}
