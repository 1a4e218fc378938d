import { readMetadata } from "../export/metadata.ts";
import { createSession, type SessionOptions } from "./create-session.ts";
import type { GPTSession } from "./gpt-session.ts";

/** An exported model's decoder file and its file of weights, as bytes. */
export interface OnnxBytes {
  readonly decoder: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * Opens an exported model with onnxruntime-web, in a page or a worker.
 *
 * @throws {OnnxError} when the bytes are damaged, foreign or too large
 */
export async function openOnnxModel({ decoder, data }: OnnxBytes, options: SessionOptions = {}): Promise<GPTSession> {
  const metadata = readMetadata(decoder, "The model");
  const runtime = await import("onnxruntime-web/wasm");
  if (options.threads !== undefined) runtime.env.wasm.numThreads = options.threads;
  return createSession(runtime, { graph: decoder, metadata, data }, options);
}
