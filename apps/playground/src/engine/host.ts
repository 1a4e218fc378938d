import type { BackendInfo } from "@scratch-llm/backend";
import type { BackendName } from "./protocol.ts";
import type { FileStore } from "./models/file-store.ts";

/** What differs between a browser's worker and a test in Node. */
export interface Host {
  /** Brings up one backend. @throws BackendError */
  startBackend(name: BackendName): Promise<BackendInfo>;
  /** A text that a package brings along. */
  readText(address: URL): Promise<string>;
  /** The files of the bundled model, by name. */
  bundledModel(): Promise<ReadonlyMap<string, Blob>>;
  /** Says where ONNX Runtime's own files are. @returns threads that it may use */
  prepareOnnx(): Promise<number>;
  /** Where downloads are kept. */
  readonly files: FileStore;
  /** Wait before a download is tried again; each further one waits twice as long. */
  readonly retryDelayMs: number;
}
