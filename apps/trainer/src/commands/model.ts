import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { countParameters } from "@scratch-llm/gpt";
import type { Quantization } from "@scratch-llm/onnx";
import { saveOnnxFolder } from "@scratch-llm/onnx/node";
import {
  detectFormat,
  type DownloadEvent,
  downloadModel,
  downloadOpenAI,
  type DownloadPlan,
  exportModel,
  DownloadError,
  listCachedModels,
  listOpenAI,
  loadModelFolder,
  planDownload,
  planOpenAI,
  removeCachedModel,
  removeOpenAI,
} from "@scratch-llm/weights-loader/node";
import { bringUpBackend } from "../bring-up.ts";
import type { Context } from "../flags.ts";
import { TrainerError } from "../errors.ts";
import { findModel, OPENAI_PREFIX } from "../find-model.ts";
import { formatBytes, formatCount, formatDuration } from "../format.ts";
import { importedModels, importModel, removeImported } from "../imported-models.ts";
import { interrupted } from "../interrupt.ts";
import { fill } from "../messages/messages.ts";
import { ownFormat } from "../tuning/own-format.ts";

/** The flags of `model download`. */
export interface DownloadFlags {
  readonly endpoint?: string;
  readonly revision?: string;
  readonly dryRun?: boolean;
}

/** `model download NAME`: from Hugging Face or a mirror, or with openai: from OpenAI. */
export async function downloadCommand(name: string, flags: DownloadFlags, context: Context): Promise<void> {
  const { endpoint, revision, dryRun = false } = flags;
  const size = name.startsWith(OPENAI_PREFIX) ? name.slice(OPENAI_PREFIX.length) : undefined;
  const options = { endpoint, signal: interrupted };
  if (dryRun) {
    const plan = size === undefined ? planDownload(name, { ...options, revision }) : planOpenAI(size, options);
    return showPlan(await plan, context);
  }
  const onEvent = downloadProgress(context);
  const { output, messages } = context;
  const download =
    size === undefined
      ? downloadModel(name, { ...options, revision, onEvent })
      : downloadOpenAI(size, { ...options, onEvent });
  const folder = await download.catch((error: unknown) => {
    throw interrupted.aborted ? new TrainerError("INTERRUPTED", messages.model.stopped, { cause: error }) : error;
  });
  output.clearProgress();
  output.result(fill(messages.model.downloaded, { name, folder }));
  output.event({ type: "done", name, folder });
}

/** Each file with its size, then how much is missing, from where and where to. */
function showPlan(plan: DownloadPlan, { output, messages }: Context): void {
  for (const { name, size, isCached } of plan.files) {
    output.result(`${formatBytes(size).padStart(9)}  ${name}${isCached ? "  ✓" : ""}`);
  }
  const { missingBytes, endpoint: from, folder: to } = plan;
  output.result(fill(messages.model.plan, { size: formatBytes(missingBytes), from, to }));
  output.event({ ...plan, type: "done" });
}

/** One bar for all files, with rate and remaining time. */
function downloadProgress({ output, messages }: Context): (event: DownloadEvent) => void {
  const started = performance.now();
  let before: number | undefined;
  return (event) => {
    output.event({ ...event, type: `download.${event.type}` });
    if (event.type === "retry") output.note(fill(messages.model.retry, { ...event, seconds: event.delayMs / 1000 }));
    if (event.type === "offline") output.note(fill(messages.model.offline, { reason: event.reason }));
    if (event.type !== "progress") return;
    before ??= event.doneBytes;
    const rate = (event.doneBytes - before) / ((performance.now() - started) / 1000);
    output.progress(
      fill(messages.model.progress, {
        percent: ((100 * event.doneBytes) / Math.max(1, event.totalBytes)).toFixed(1),
        done: formatBytes(event.doneBytes),
        total: formatBytes(event.totalBytes),
        rate: formatBytes(rate),
        left: rate > 0 ? formatDuration((event.totalBytes - event.doneBytes) / rate) : "–",
      }),
    );
  };
}

/** `model import FOLDER`: takes a model that came by another way, such as a USB stick. */
export async function importFolder(
  path: string,
  { name = basename(resolve(path)) }: { name?: string },
  context: Context,
): Promise<void> {
  const { output, messages } = context;
  const { folder } = await detectFormat(path);
  const target = await importModel(folder, name);
  output.result(fill(messages.model.imported, { name, folder: target }));
  output.event({ type: "done", name, folder: target });
}

/** `model list`: what is in the caches. */
export async function list({ output, messages }: Context): Promise<void> {
  const cached = [...(await listCachedModels()), ...(await listOpenAI())];
  const imported = await importedModels();
  for (const { name, bytes, isWhole } of cached) {
    output.result(
      `${name.padEnd(40)} ${formatBytes(bytes).padStart(9)}${isWhole ? "" : `  ${messages.model.incomplete}`}`,
    );
  }
  for (const name of imported) output.result(`${name.padEnd(40)} ${messages.model.isImported}`);
  if (cached.length + imported.length === 0) output.result(messages.model.none);
  output.event({ type: "done", cached, imported });
}

/** `model info NAME`: format, shape and size. */
export async function info(name: string, context: Context): Promise<void> {
  const { output, messages } = context;
  const path = await findModel(name, messages);
  const { format, weights } = await detectFormat(path);
  const { size } = await stat(weights);
  await bringUpBackend(context.backend, output, messages);
  const { model, config, tokenizer } = await loadModelFolder(path);
  model.dispose();
  const params = countParameters(config);
  output.result(`${path}\n${format}, ${formatBytes(size)}, ${formatCount(params)} parameters`);
  for (const [key, value] of Object.entries(config)) output.result(`  ${key.padEnd(14)} ${String(value)}`);
  output.event({ type: "done", path, format, bytes: size, params, config, tokens: tokenizer.vocabSize });
}

/** The flags of `model export`. */
export interface ExportFlags {
  readonly format: "hf" | "book" | "gguf" | "onnx";
  readonly quantize: Quantization;
  readonly dtype: "F32" | "F16" | "BF16";
}

/** `model export NAME OUT`: any form that is read, as a form that others read, with the format that the model is asked in. */
export async function exportTo(name: string, target: string, flags: ExportFlags, context: Context): Promise<void> {
  const { output, messages } = context;
  const { format, dtype, quantize } = flags;
  const [flag, value, usual] = format === "onnx" ? ["--dtype", dtype, "F32"] : ["--quantize", quantize, "none"];
  if (value !== usual) {
    throw new TrainerError("USAGE", fill(messages.model.otherFormat, { flag: `${flag} ${value}`, format }));
  }
  const source = await findModel(name, messages);
  await bringUpBackend(context.backend, output, messages);
  const { model, tokenizer } = await loadModelFolder(source);
  const extra = { tokenizerConfig: { ...(await ownFormat(source))?.format.chatTemplate } };
  let path = target;
  if (format === "onnx") {
    const errors = await saveOnnxFolder(target, { model, tokenizer, extra, quantization: quantize });
    for (const error of errors) output.event({ type: "tensor", ...error });
    const worst = errors.toSorted((a, b) => b.relativeError - a.relativeError)[0];
    if (worst !== undefined) {
      const error = (100 * worst.relativeError).toFixed(2);
      output.note(fill(messages.runtime.quantized, { error, name: worst.name }));
    }
  } else path = await exportModel(target, { model, tokenizer, extra, format, dtype });
  model.dispose();
  output.result(fill(messages.model.exported, { path }));
  output.event({ type: "done", path, format, ...(format === "onnx" ? { quantize } : { dtype }) });
}

/** `model rm NAME`: deletes a downloaded or imported model. */
export async function remove(name: string, { output, messages }: Context): Promise<void> {
  const removed = name.startsWith(OPENAI_PREFIX)
    ? await removeOpenAI(name.slice(OPENAI_PREFIX.length))
    : (await removeImported(name)) || (await removeCachedModel(name).catch(invalidIsAbsent));
  if (!removed) throw new TrainerError("MODEL_FOLDER", fill(messages.model.nothingToRemove, { name }));
  output.result(fill(messages.model.removed, { name }));
  output.event({ type: "done", name });
}

/** What cannot name a downloaded model could have named an imported one. */
function invalidIsAbsent(error: unknown): false {
  if (error instanceof DownloadError && error.code === "NAME_INVALID") return false;
  throw error;
}
