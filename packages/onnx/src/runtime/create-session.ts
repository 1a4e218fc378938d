import type { InferenceSession, InferenceSessionFactory } from "onnxruntime-common";
import { OnnxError } from "../errors.ts";
import type { Metadata } from "../export/metadata.ts";
import { GPTSession, type Runtime } from "./gpt-session.ts";

/** How a session computes. */
export interface SessionOptions {
  /** Threads; default: ONNX Runtime's choice, one per core. */
  readonly threads?: number | undefined;
}

/** What is opened: a graph as a path or as bytes, and what it says of itself. */
interface Opened {
  readonly graph: string | Uint8Array;
  readonly metadata: Metadata;
  /** The file of weights, where it does not lie beside the graph. */
  readonly data?: Uint8Array | undefined;
}

/** @throws {OnnxError} `MEMORY` or `MODEL_INVALID` */
export async function createSession(
  runtime: Runtime & { readonly InferenceSession: InferenceSessionFactory },
  { graph, metadata, data }: Opened,
  { threads }: SessionOptions,
): Promise<GPTSession> {
  const options: InferenceSession.SessionOptions = {
    logSeverityLevel: 4, // errors are thrown; printing them too helps nobody
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(data === undefined ? {} : { externalData: [{ path: metadata.dataName, data }] }),
  };
  try {
    const session = await (typeof graph === "string"
      ? runtime.InferenceSession.create(graph, options)
      : runtime.InferenceSession.create(graph, options));
    return new GPTSession(runtime, session, metadata);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (/bad_alloc|out of memory|allocat|OOM/iu.test(text)) throw outOfMemory(metadata.dataBytes, { cause });
    const name = typeof graph === "string" ? graph : "The model";
    throw new OnnxError("MODEL_INVALID", `${name} cannot be opened; export it again. (${text.split("\n")[0]})`, {
      cause,
    });
  }
}

export function outOfMemory(bytes: number, options?: ErrorOptions): OnnxError {
  const size = `${(bytes / 1e9).toFixed(2)} GB`;
  return new OnnxError(
    "MEMORY",
    `The model needs ${size}, more memory than is left: close other programs, or export it with int8 or int4.`,
    options,
  );
}
