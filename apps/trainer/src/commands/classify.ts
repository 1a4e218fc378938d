import { classifyAll } from "@scratch-llm/finetune-classifier";
import { bringUpBackend } from "../bring-up.ts";
import { TrainerError } from "../errors.ts";
import { findModel } from "../find-model.ts";
import type { ComputeFlags, Context } from "../flags.ts";
import { interrupted } from "../interrupt.ts";
import { computeOptions, StepCompiler } from "../step-compiler.ts";
import { readText } from "../text-data.ts";
import { loadClassifier } from "../tuning/saved-classifier.ts";

/** The flags of `classify`. */
export interface ClassifyFlags extends ComputeFlags {
  readonly model?: string;
  readonly file?: string;
  readonly batchSize: number;
}

/** Fewer passes than this are done before they would be recorded. */
const MIN_PASSES = 4;

/** `scratch-llm classify TEXT…`: the class of every text, and how probable each class is. */
export async function classify(given: readonly string[], flags: ClassifyFlags, context: Context): Promise<void> {
  const { output, messages, backend } = context;
  const path = await findModel(flags.model, messages, "classes");
  const texts = await readTexts(given, flags.file);
  if (texts.length === 0) throw new TrainerError("USAGE", messages.errors.noText);
  await bringUpBackend(backend, output, messages);
  const { model, tokenizer, settings } = await loadClassifier(path);
  const width = Math.max(...settings.labels.map((label) => label.length));
  const isShort = !settings.padding || texts.length < MIN_PASSES * flags.batchSize;
  const compiler = new StepCompiler(computeOptions({ ...flags, ...(isShort && { eager: true }) }));
  const { compile } = compiler;
  let done = 0;
  for await (const { label, probabilities } of classifyAll(texts, {
    model,
    tokenizer,
    settings,
    batchSize: flags.batchSize,
    ...(compile && { compile }),
  })) {
    const text = texts[done] ?? "";
    done += 1;
    const best = Math.max(...probabilities.map(({ probability }) => probability));
    output.result(`${label.padEnd(width)}  ${(100 * best).toFixed(1).padStart(5)} %  ${text}`);
    const shares = Object.fromEntries(probabilities.map((found) => [found.label, found.probability]));
    output.event({ type: "class", text, label, probabilities: shares });
    if (interrupted.aborted) break;
  }
  compiler.dispose();
  model.dispose();
  output.event({ type: "done", texts: done });
}

/** The words behind the command are one text each; else the lines of a file, or of standard input. */
async function readTexts(given: readonly string[], file: string | undefined): Promise<string[]> {
  if (given.length > 0) return given.filter((text) => text.trim() !== "");
  const content = file === undefined ? await readInput() : await readText(file);
  return content.split(/\r?\n/u).filter((line) => line.trim() !== "");
}

/** A terminal is not waited for: whoever types nothing wants help. */
async function readInput(): Promise<string> {
  if (process.stdin.isTTY) return "";
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text;
}
