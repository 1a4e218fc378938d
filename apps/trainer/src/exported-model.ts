import { createHash, randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { cacheFolder, useBackend } from "@scratch-llm/backend/node";
import type { Quantization } from "@scratch-llm/onnx";
import { saveOnnxFolder } from "@scratch-llm/onnx/node";
import { detectFormat, loadModelFolder } from "@scratch-llm/weights-loader/node";
import type { Context } from "./flags.ts";

/** What `--quantize` takes where a model is run. */
export type QuantizeChoice = Extract<Quantization, "none" | "int8" | "int4">;

/** Models that stay exported; the ones that were not used for longest make room. */
const KEPT = 4;

/** What is still not finished after so long never will be: its process was ended. */
const UNFINISHED_MS = 3_600_000;

/** Changes when what is exported changes. */
const VERSION = 2;

/** The folder with the tokenizer and the configuration of a model, which a path of one of its files may name too. */
export function folderOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  const folder = dirname(path);
  return basename(folder) === "onnx" ? dirname(folder) : folder;
}

/**
 * The folder with a model's ONNX files, in the user's cache: made the first time, so that later the model starts in a moment and
 * without TensorFlow.js. Weights that have changed are exported again.
 */
export async function exportedFolder(
  path: string,
  quantization: QuantizeChoice,
  { output, messages }: Context,
): Promise<string> {
  const { weights } = await detectFormat(path);
  const { size, mtimeMs } = await stat(weights);
  const key = JSON.stringify([VERSION, resolve(weights), size, mtimeMs, quantization]);
  const all = join(cacheFolder(), "onnx");
  const folder = join(all, createHash("sha256").update(key).digest("hex").slice(0, 16));
  if (!existsSync(folder)) {
    output.note(messages.runtime.exporting);
    await useBackend("cpu"); // reads the weights and computes nothing
    const { model, tokenizer } = await loadModelFolder(path);
    const temporary = `${folder}.${randomUUID()}`;
    try {
      await saveOnnxFolder(temporary, { model, tokenizer, quantization });
      await rename(temporary, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error; // another process was quicker
      });
    } finally {
      model.dispose();
      await rm(temporary, { recursive: true, force: true });
    }
  }
  const now = new Date();
  await utimes(folder, now, now);
  await removeOldest(all);
  return folder;
}

async function removeOldest(all: string): Promise<void> {
  const folders = await Promise.all(
    (await readdir(all)).map(async (name) => {
      const info = await stat(join(all, name)).catch(() => undefined); // another process may have finished it just now
      return { name, at: info?.mtimeMs ?? Date.now(), finished: !name.includes(".") };
    }),
  );
  const finished = folders.filter((folder) => folder.finished).toSorted((a, b) => b.at - a.at);
  const abandoned = folders.filter((folder) => !folder.finished && folder.at < Date.now() - UNFINISHED_MS);
  for (const { name } of [...finished.slice(KEPT), ...abandoned]) {
    await rm(join(all, name), { recursive: true, force: true });
  }
}
