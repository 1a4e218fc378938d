import { DataLoader } from "@scratch-llm/dataloader";
import {
  ALPACA,
  answerEnds,
  checkInstructions,
  collateInstructions,
  encodeTask,
  type Instruction,
  InstructionDataset,
  parseEntries,
  PHI3,
  type PromptFormat,
  splitData,
} from "@scratch-llm/finetune-instruct";
import { type GPTModelFast, ModelDecoder } from "@scratch-llm/gpt";
import { injectLora } from "@scratch-llm/lora";
import { Generator } from "@scratch-llm/nn";
import { trainModel } from "@scratch-llm/pretrain";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import type { Tokenizer } from "@scratch-llm/tokenizer";
import { cloneModel } from "@scratch-llm/weights-loader";
import type { Host } from "../host.ts";
import type { Open } from "../models/shelf.ts";
import type { Generated, NewTuning, Respond, TuningInfo, TuningSettings } from "../protocol.ts";
import type { Asked } from "../serve.ts";
import { Loop, type TrainingEvents } from "../training/loop.ts";
import { write } from "../writing.ts";
import { countTrainable, loraOf, stepsOf, tuningOptions } from "./tuning-loop.ts";

/** The book's format takes 60 tokens or more before the task begins; a small context has no room for it. */
const ROOM_FOR_ALPACA = 512;

/** A model that learns to follow instructions (chapter 7), and the same model before its training. */
export class InstructRun {
  readonly loop: Loop;
  readonly model: GPTModelFast;
  readonly tokenizer: Tokenizer;
  readonly #base: GPTModelFast;
  readonly #format: PromptFormat;
  readonly #counts: TuningInfo["counts"];
  readonly #heldOut: readonly Instruction[];
  readonly #disposables: readonly { dispose(): void }[];

  constructor({ run, settings }: NewTuning, { model, tokenizer }: Open, entries: readonly Instruction[]) {
    const generator = new Generator(settings.seed);
    this.tokenizer = tokenizer;
    this.#base = cloneModel(model);
    this.model = cloneModel(model, { ...model.config, dropRate: 0 });
    this.#format = model.config.contextLength < ROOM_FOR_ALPACA ? PHI3 : ALPACA;
    train(this.model, settings, generator);

    const { train: toTrain, val, test } = splitData(entries, { train: 0.85, test: 0.1 });
    const maxLength = Math.min(settings.maxLength, model.config.contextLength);
    const dataset = (part: readonly Instruction[]): InstructionDataset =>
      new InstructionDataset(part, tokenizer, { format: this.#format, maxLength });
    const [trainSet, valSet] = [dataset(toTrain), dataset(val)];
    const collate = collateInstructions({
      ...(tokenizer.eosId !== undefined && { padTokenId: tokenizer.eosId }),
      allowedMaxLength: maxLength,
      maskInstructions: true, // a small model has enough to do with the answers
    });
    const { batchSize } = settings;
    const trainLoader = new DataLoader(trainSet, { batchSize, collate, generator });
    const valLoader = new DataLoader(valSet, { batchSize, collate, generator, shuffle: false, dropLast: false });
    const totalSteps = stepsOf(settings, trainLoader.length);
    const options = { ...tuningOptions(this.model, settings, generator, totalSteps), trainLoader, valLoader };
    this.loop = new Loop(run, totalSteps, (part) => trainModel({ ...options, ...part }) as TrainingEvents);
    const skipped = trainSet.skipped.length + valSet.skipped.length;
    this.#counts = { train: trainSet.length, val: valSet.length, test: test.length, skipped };
    this.#heldOut = test;
    this.#disposables = [options.optimizer, this.model, this.#base];
  }

  get info(): TuningInfo {
    return {
      ...this.loop.progress,
      params: this.model.numParameters(),
      trainableParams: countTrainable(this.model),
      counts: this.#counts,
      heldOut: this.#heldOut.map(({ instruction, input, output }) => ({
        task: "instruct",
        instruction,
        input,
        output,
      })),
    };
  }

  /** The answer of the model before or after its training, greedily, as the book's (section 7.7). */
  async respond({ which, maxNewTokens, ...task }: Respond, { signal, emit }: Asked<"respond">): Promise<Generated> {
    const { tokenizer } = this;
    const promptIds = encodeTask(task, tokenizer, this.#format);
    const options = { maxNewTokens, stopStrings: answerEnds(this.#format) };
    const decoder = new ModelDecoder(which === "base" ? this.#base : this.model);
    try {
      return await write({ decoder, tokenizer, promptIds, options, signal, emit });
    } finally {
      decoder.dispose();
    }
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }
}

/** Prepares the tuning on the built-in instructions. */
export async function beginInstruct(request: NewTuning, shelved: Open, host: Host): Promise<InstructRun> {
  const entries = parseEntries(await host.readText(SAMPLE_SETS.instructions)) as object[];
  return new InstructRun(request, shelved, checkInstructions(entries));
}

/** Chooses what is trained. A head that is the token embedding takes no LoRA layer, for both would change. */
function train(model: GPTModelFast, settings: TuningSettings, generator: Generator): void {
  if (settings.trainable === "lora") {
    injectLora(model, { ...loraOf(settings, generator), ...(model.config.tieWeights && { match: /^trfBlocks\./u }) });
    return;
  }
  if (settings.trainable === "all") return;
  model.freeze();
  model.trfBlocks.at(-1)?.unfreeze();
  model.finalNorm.unfreeze();
}
