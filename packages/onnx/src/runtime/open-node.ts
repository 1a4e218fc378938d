import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OnnxError } from "../errors.ts";
import { type Metadata, readMetadata, weightBytes } from "../export/metadata.ts";
import { fileNames } from "../export/onnx-model.ts";
import { QUANTIZATIONS } from "../export/quantization.ts";
import { createSession, outOfMemory, type SessionOptions } from "./create-session.ts";
import type { GPTSession } from "./gpt-session.ts";

/** Whether onnxruntime-node is installed and starts on this machine. */
export async function hasOnnxRuntime(): Promise<boolean> {
  return import("onnxruntime-node").then(
    () => true,
    () => false,
  );
}

/**
 * Opens a model that `saveOnnxFolder` or `saveOnnxFiles` wrote, with onnxruntime-node.
 *
 * @param path the folder, or the decoder file in it
 * @throws {OnnxError} when the runtime is not installed, or files are missing, damaged, foreign or too large
 * @example const decoder = new OnnxDecoder(await openOnnxModel("deploy/mine"));
 */
export async function openOnnxModel(path: string, options: SessionOptions = {}): Promise<GPTSession> {
  if (!existsSync(path)) throw new OnnxError("READ_FAILED", `There is no ${path}; check the path.`);
  const file = findDecoder(path);
  if (file === undefined) {
    throw new OnnxError("READ_FAILED", `${path} has no ONNX decoder: write one with 'model export --format onnx'.`);
  }
  const metadata = readMetadata(await readFile(file), file);
  checkData(join(dirname(file), metadata.dataName), metadata);
  const runtime = await import("onnxruntime-node").catch((cause: unknown) => {
    throw new OnnxError("RUNTIME_MISSING", "ONNX Runtime is not there: npm install onnxruntime-node.", { cause });
  });
  return createSession(runtime, { graph: file, metadata }, options);
}

/** The decoder file that a path is, or that lies in the folder; undefined where there is none. */
export function findDecoder(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  if (!statSync(path).isDirectory()) return path.endsWith(".onnx") ? path : undefined;
  return [join(path, "onnx"), path]
    .flatMap((folder) => QUANTIZATIONS.map((kind) => join(folder, fileNames(kind).decoder)))
    .find((file) => existsSync(file));
}

function checkData(path: string, metadata: Metadata): void {
  const { dataBytes } = metadata;
  const found = existsSync(path) ? statSync(path).size : undefined;
  if (found === undefined) {
    throw new OnnxError("DATA_MISSING", `The weights ${path} are missing: copy them beside the .onnx file.`);
  }
  if (found !== dataBytes) {
    throw new OnnxError("DATA_MISSING", `${path} has ${found} bytes instead of ${dataBytes}: copy or export it again.`);
  }
  const needed = neededBytes(metadata);
  if (process.availableMemory() < needed) throw outOfMemory(needed);
}

/**
 * Weights, and the keys and values of a full context. Repacked for speed, weights are in memory once: what is mapped from the file
 * can be dropped.
 */
function neededBytes(metadata: Metadata): number {
  const { nLayers, contextLength, embDim } = metadata.config;
  return weightBytes(metadata) + 2 * nLayers * contextLength * embDim * 4;
}
