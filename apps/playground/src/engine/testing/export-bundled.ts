import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Quantization } from "@scratch-llm/onnx";
import { saveOnnxFiles, saveOnnxFolder } from "@scratch-llm/onnx/node";
import { loadModelFiles } from "@scratch-llm/weights-loader";
import { nodeHost } from "./node-host.ts";

/** A folder that exists until it is removed. */
export interface Exported {
  readonly path: string;
  remove(): Promise<void>;
}

/** The bundled model as `scratch-llm model export --format onnx` writes it, in several forms over one tokenizer. */
export async function exportBundled(quantizations: readonly Quantization[]): Promise<Exported> {
  const host = nodeHost();
  await host.startBackend("cpu");
  const path = join(await mkdtemp(join(tmpdir(), "exported-")), "tiny-onnx");
  const { model, tokenizer } = await loadModelFiles("bundled", await host.bundledModel());
  await saveOnnxFolder(path, { model, tokenizer });
  for (const quantization of quantizations) await saveOnnxFiles(join(path, "onnx"), { model, quantization });
  model.dispose();
  return { path, remove: () => rm(join(path, ".."), { recursive: true }) };
}
