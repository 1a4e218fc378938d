import { OnnxError } from "../errors.ts";
import { type Metadata, readMetadata, weightBytes } from "../export/metadata.ts";
import { createSession, outOfMemory, type SessionOptions } from "./create-session.ts";
import type { GPTSession } from "./gpt-session.ts";

/** An exported model's files. */
export interface OnnxFiles {
  /** The decoder file's bytes. */
  readonly decoder: Uint8Array;
  /** Reads the file of weights, by its name; undefined where it is missing. Not asked for weights that do not fit. */
  readonly data: (name: string) => Promise<Uint8Array | undefined>;
}

/** WASM has addresses for 4 GiB, and most weights are there twice while they are repacked for speed. */
const MOST_BYTES = 2 ** 31;

/** Whether so many bytes of weights can be opened in a page. */
export function fitsInPage(metadata: Pick<Metadata, "dataBytes" | "quantization">): boolean {
  return weightBytes(metadata) < MOST_BYTES;
}

/**
 * Opens an exported model with onnxruntime-web, in a page or a worker.
 *
 * @throws {OnnxError} when the files are missing, damaged, foreign or too large
 */
export async function openOnnxModel(files: OnnxFiles, options: SessionOptions = {}): Promise<GPTSession> {
  const metadata = readMetadata(files.decoder, "The model");
  const data = await readData(files, metadata);
  const runtime = await import("onnxruntime-web/wasm");
  if (options.threads !== undefined) runtime.env.wasm.numThreads = options.threads;
  return createSession(runtime, { graph: files.decoder, metadata, data }, options);
}

async function readData(files: OnnxFiles, metadata: Metadata): Promise<Uint8Array> {
  const { dataName, dataBytes } = metadata;
  if (!fitsInPage(metadata)) {
    const size = `${(dataBytes / 1e9).toFixed(2)} GB`;
    throw new OnnxError(
      "MEMORY",
      `The model's ${size} of weights are more than a page can hold: export it with '--quantize dynamic', or run it with 'scratch-llm chat'.`,
    );
  }
  const data = await files.data(dataName).catch((cause: unknown) => {
    throw cause instanceof RangeError ? outOfMemory(dataBytes, { cause }) : cause;
  });
  if (data?.length === dataBytes) return data;
  const found = data === undefined ? "is missing" : `has ${data.length} bytes instead of ${dataBytes}`;
  throw new OnnxError("DATA_MISSING", `${dataName} ${found}: take it with the decoder file that lies beside it.`);
}
