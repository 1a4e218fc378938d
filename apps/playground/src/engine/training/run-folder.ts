import {
  CHECKPOINTS,
  checkpointName,
  encodeTrainerState,
  LATEST,
  momentEntries,
  MOMENTS_FILE,
  parseTrainerState,
  restoreTrainer,
  STATE_FILE,
} from "@scratch-llm/pretrain";
import { Generator } from "@scratch-llm/nn";
import { encodeSafetensors, openSafetensorsBlob, type TensorEntry } from "@scratch-llm/safetensors";
import { loadModelFiles, modelFiles, WEIGHTS_FILE, WEIGHTS_METADATA } from "@scratch-llm/weights-loader";
import { EngineFault } from "../fault.ts";
import type { Host } from "../host.ts";
import type { FolderFile, RunInfo } from "../protocol.ts";
import { PretrainingRun, splitOf, traineeOf } from "./pretraining-run.ts";
import { type Folder, latestCheckpoint } from "./run-files.ts";
import { parseSettings } from "./settings.ts";
import { type Corpus, findTexts } from "./texts.ts";

/** Version of a run folder's config.json and metrics. */
const SCHEMA = 1;

/** A step or evaluation as a line of metrics.jsonl. */
export type Measured = RunInfo["history"][number];

/** The run as the trainer writes it: settings, text, metrics and one checkpoint, which it resumes. */
export async function saveRun(
  { plan, trainee, loop }: PretrainingRun,
  history: readonly Measured[],
): Promise<FolderFile[]> {
  const { settings, corpus, tokenizer } = plan;
  const state = loop.state ?? { step: 0, epoch: 0, tokensSeen: 0, cursor: null };
  const path = `${CHECKPOINTS}/${checkpointName(state.step)}`;
  const { texts, weights } = modelFiles("hf", { model: trainee.model, tokenizer });
  const files: [string, Blob][] = Array.from(texts, ([name, text]) => [name, new Blob([text])]);
  files.push([WEIGHTS_FILE, await encode(weights, WEIGHTS_METADATA)]);
  files.push([MOMENTS_FILE, await encode(momentEntries(trainee.optimizer))]);
  const sizes = Object.fromEntries(files.map(([name, { size }]) => [name, size]));
  files.push([STATE_FILE, new Blob([encodeTrainerState(state, trainee, { files: sizes })])]);
  const config = { schema: SCHEMA, preset: "playground", data: dataOf(corpus), config: settings };
  return [
    ...Object.entries(contentsOf(corpus)).map(([name, text]) => ({ path: name, content: new Blob([text]) })),
    { path: "config.json", content: new Blob([`${JSON.stringify(config, null, 2)}\n`]) },
    { path: "metrics.jsonl", content: new Blob(history.map(metricsLine)) },
    ...files.map(([name, content]) => ({ path: `${path}/${name}`, content })),
    { path: LATEST, content: new Blob([`${path}\n`]) },
  ];
}

/**
 * Goes on from a run's folder, the trainer's or ours, with its text, weights, optimizer and random draws.
 * @throws EngineFault, WeightsError, CheckpointError
 */
export async function openRun(
  name: string,
  folder: Folder,
  host: Host,
): Promise<{ run: PretrainingRun; history: Measured[] }> {
  const { settings, data } = parseSettings((await folder.files.get("config.json")?.text()) ?? "");
  const corpus = await findTexts(data, folder, host);
  const checkpoint = await latestCheckpoint(folder);
  const { model, tokenizer } = await loadModelFiles(checkpoint.name, checkpoint.files);
  const generator = new Generator(settings.seed);
  const trainee = traineeOf(settings, model, generator);
  try {
    const split = splitOf(
      { ...settings, model: { ...settings.model, contextLength: model.config.contextLength } },
      corpus,
      tokenizer,
    );
    const saved = parseTrainerState(await checkpoint.files.get(STATE_FILE)!.text())!;
    const moments = checkpoint.files.get(MOMENTS_FILE);
    if (!moments)
      throw new EngineFault("NOT_A_RUN", `${checkpoint.name} has no ${MOMENTS_FILE}; drop the whole folder.`);
    const file = await openSafetensorsBlob(moments, MOMENTS_FILE);
    const { state } = await restoreTrainer(saved, file, MOMENTS_FILE, trainee);
    const run = new PretrainingRun({ name, settings, corpus, tokenizer }, split, { ...trainee, state });
    const lines = (await folder.files.get("metrics.jsonl")?.text()) ?? "";
    return { run, history: parseMetrics(lines).filter(({ step }) => step < state.step) };
  } catch (error) {
    trainee.optimizer.dispose();
    model.dispose();
    throw error;
  }
}

async function encode(entries: readonly TensorEntry[], metadata?: Readonly<Record<string, string>>): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of encodeSafetensors(entries, metadata)) parts.push(part as Uint8Array<ArrayBuffer>);
  return new Blob(parts);
}

function dataOf({ files, sha256 }: Corpus): object {
  return { files, sha256 };
}

/** The texts that the folder brings along. */
function contentsOf({ files, texts }: Corpus): Record<string, string> {
  return Object.fromEntries(files.map((file, i) => [file, texts[i] ?? ""]));
}

function metricsLine(event: Measured): string {
  return `${JSON.stringify({ schema: SCHEMA, ...event })}\n`;
}

/** A line cut short by a crash is left out. */
function parseMetrics(lines: string): Measured[] {
  return lines.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as Measured];
    } catch {
      return [];
    }
  });
}
