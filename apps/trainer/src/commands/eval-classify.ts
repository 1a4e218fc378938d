import { dirname } from "node:path";
import { classifyAll, type Confusion, confusion, type LabeledText } from "@scratch-llm/finetune-classifier";
import { SAMPLE_SETS } from "@scratch-llm/samples";
import { bringUpBackend } from "../bring-up.ts";
import { TrainerError } from "../errors.ts";
import { findModel } from "../find-model.ts";
import type { ComputeFlags, Context } from "../flags.ts";
import { interrupted } from "../interrupt.ts";
import { fill, type Messages } from "../messages/messages.ts";
import { computeOptions, StepCompiler } from "../step-compiler.ts";
import { ClassifyConfig } from "../tuning/classify-config.ts";
import { readTexts, splitTexts } from "../tuning/classify-task.ts";
import { type DataFile, readDataFile } from "../tuning/data-file.ts";
import { loadClassifier } from "../tuning/saved-classifier.ts";
import { readSavedTuning } from "../tuning/tuning-plan.ts";

/** The flags of `eval classify`. */
export interface EvalClassifyFlags extends ComputeFlags {
  readonly model?: string;
  readonly data?: string;
  readonly batchSize: number;
}

/** `scratch-llm eval classify`: how many texts a classifier gets right, which classes it confuses, precision and recall. */
export async function evalClassify(flags: EvalClassifyFlags, context: Context): Promise<void> {
  const { output, messages, backend } = context;
  const path = await findModel(flags.model, messages, "classes");
  const texts = await textsFor(path, flags.data);
  await bringUpBackend(backend, output, messages);
  const { model, tokenizer, settings } = await loadClassifier(path);
  requireKnown(texts, settings.labels);
  const compiler = new StepCompiler(computeOptions({ ...flags, ...(!settings.padding && { eager: true }) }));
  const { compile } = compiler;
  const options = { model, tokenizer, settings, batchSize: flags.batchSize, ...(compile && { compile }) };
  const found: string[] = [];
  for await (const { label } of classifyAll(
    texts.map(({ text }) => text),
    options,
  )) {
    interrupted.throwIfAborted();
    found.push(label);
  }
  compiler.dispose();
  model.dispose();
  const actual = texts.map(({ label }) => label);
  const result = confusion(settings.labels, actual, found);
  const accuracy = (100 * result.accuracy).toFixed(2);
  output.result(fill(messages.classify.score, { count: texts.length, accuracy }));
  output.result(confusionTable(result, messages));
  const { labels, table, classes } = result;
  output.event({ type: "done", texts: texts.length, accuracy: result.accuracy, labels, confusion: table, classes });
}

/** The texts of `--data`; without it, the part of the run's data that was kept for tests. */
async function textsFor(path: string, data: string | undefined): Promise<LabeledText[]> {
  if (data !== undefined) return allTexts(await readDataFile(data, SAMPLE_SETS.messages));
  const saved = await readSavedTuning(dirname(dirname(path)));
  if (saved?.command !== "classify") {
    throw new TrainerError("DATA", `${path} belongs to no run that kept texts for tests. Give some with --data FILE.`);
  }
  const file = await readDataFile(saved.data.file, SAMPLE_SETS.messages);
  return splitTexts(file, ClassifyConfig.parse(saved.config)).test;
}

/** All texts of a file; of a folder those kept for tests. */
function allTexts({ content }: DataFile): LabeledText[] {
  return readTexts(typeof content === "string" ? content : content.test);
}

function requireKnown(texts: readonly LabeledText[], labels: readonly string[]): void {
  const unknown = texts.find(({ label }) => !labels.includes(label));
  if (unknown === undefined) return;
  throw new TrainerError("DATA", `A text has the label "${unknown.label}"; the classifier knows ${labels.join(", ")}.`);
}

/** Rows are the true classes, columns those found, with precision and recall at the edge. */
function confusionTable({ labels, table, classes }: Confusion, { classify }: Messages): string {
  const share = (value: number): string => (Number.isNaN(value) ? "–" : `${(100 * value).toFixed(1)} %`);
  const rows = [
    [classify.actual, ...labels, classify.precision, classify.recall],
    ...classes.map(({ label, precision, recall }, i) => [
      label,
      ...(table[i] ?? []).map(String),
      share(precision),
      share(recall),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
    )
    .join("\n");
}
