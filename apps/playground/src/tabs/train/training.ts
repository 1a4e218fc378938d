import { type Signal, signal } from "@preact/signals";
import { DEFAULT_RUN } from "../../engine/defaults.ts";
import type { FolderFile, RunInfo, RunSettings, RunText } from "../../engine/protocol.ts";
import { words } from "../../i18n/language.ts";
import { announce } from "../../state/announce.ts";
import { asError } from "../../state/as-error.ts";
import { engine, modelError, showModel } from "../../state/engine.ts";
import { type History, Run } from "../../state/run.ts";
import { saveFile } from "../../ui/save-file.ts";
import { zipped } from "../../ui/folder-files.ts";
import { en } from "./en.ts";
import { params } from "./params.ts";
import { zh } from "./zh.ts";

/** The training of this page. */
export const run: Run = new Run("training");
export const info: Signal<RunInfo | undefined> = signal(undefined);
/** The text of the user's own, when there is one. */
export const ownText: Signal<{ readonly name: string; readonly text: string } | undefined> = signal(undefined);
/** The name of a dropped file that is no text in UTF-8. */
export const textProblem: Signal<string | undefined> = signal(undefined);
/** Curves of an earlier run, to compare with. */
export const kept: Signal<History | undefined> = signal(undefined);

/** Takes a dropped file as the text to train on. */
export async function takeText({ path: name, content }: FolderFile): Promise<void> {
  textProblem.value = undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await content.arrayBuffer());
    ownText.value = { name, text };
  } catch {
    textProblem.value = name;
  }
}

/** Trains: to the end, or so many steps; from the start where there is no run yet. */
export async function train(steps?: number): Promise<void> {
  if (!info.peek()) {
    await begin();
    if (run.pausing.peek()) return;
  }
  if (info.peek()) await run.train(steps);
}

/** Forgets the run, so that the next one begins with the settings as they are now. */
export async function reset(): Promise<void> {
  info.value = undefined;
  await run.reset();
}

/** Goes on from the folder of a run. */
export async function open(files: readonly FolderFile[]): Promise<void> {
  info.value = await run.prepare(engine.stream("openRun", { run: run.name, files }));
  if (!info.value) return;
  run.remember(info.value.history);
  showSettings(info.value);
}

/** The fields tell what an opened run was begun with. */
function showSettings({ settings: { seed, model, train, tokenizer } }: RunInfo): void {
  const known = {
    seed,
    steps: train.maxSteps,
    context: model.contextLength,
    width: model.embDim,
    heads: model.nHeads,
    layers: model.nLayers,
    dropout: model.dropRate,
    batch: train.batchSize,
    rate: train.learningRate,
    vocabulary: tokenizer.kind === "bpe" ? tokenizer.vocabSize : undefined,
    every: train.sampleEvery,
  };
  for (const [name, value] of Object.entries(known)) {
    if (value !== undefined) params[name as keyof typeof known].value = value;
  }
  params.begin.value = train.startContext;
}

export async function save(): Promise<void> {
  run.error.value = undefined;
  try {
    const files = await engine.call("saveRun", { run: run.name });
    saveFile(`run-step-${run.state.peek()?.step ?? 0}.zip`, await zipped(files));
  } catch (error) {
    run.error.value = asError(error);
  }
}

/** Shows what was learned up to now in the other tabs. */
export async function show(): Promise<void> {
  await showModel({ kind: "run", run: run.name });
  run.error.value = modelError.peek();
  if (!run.error.value) announce(words({ en, zh }).shown);
}

async function begin(): Promise<void> {
  const settings = settingsNow();
  info.value = await run.prepare(engine.stream("newRun", { run: run.name, settings, text: textNow() }));
}

function textNow(): RunText {
  const language = params.text.value;
  return language === "own" ? { kind: "own", text: ownText.peek()?.text ?? "" } : { kind: "builtin", language };
}

function settingsNow(): RunSettings {
  const { seed, steps, context, width, heads, layers, dropout, batch, rate, vocabulary, every, begin } = params;
  return {
    ...DEFAULT_RUN,
    seed: seed.value,
    model: {
      ...DEFAULT_RUN.model,
      contextLength: context.value,
      embDim: width.value,
      nHeads: heads.value,
      nLayers: layers.value,
      dropRate: dropout.value,
    },
    tokenizer: { kind: "bpe", vocabSize: vocabulary.value },
    data: { ...DEFAULT_RUN.data, stride: context.value },
    train: {
      ...DEFAULT_RUN.train,
      batchSize: batch.value,
      maxSteps: steps.value,
      learningRate: rate.value,
      sampleEvery: every.value,
      startContext: begin.value || DEFAULT_RUN.train.startContext,
      minLearningRate: Math.min(DEFAULT_RUN.train.minLearningRate, rate.value),
    },
  };
}
