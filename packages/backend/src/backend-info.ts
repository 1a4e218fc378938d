/** Where tensors live and operations run. `native` is TensorFlow itself, through `@tensorflow/tfjs-node`. */
export type BackendName = "native" | "webgpu" | "wasm" | "cpu";

/** What a started backend tells about itself. */
export interface StartedBackend {
  /** What is worth knowing about this start; one line without a full stop. */
  readonly note?: string;
  /** The graphics adapter, such as "google swiftshader (software)". */
  readonly adapter?: string;
  /** Versions of the libraries involved, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Threads that one operation may use. */
  readonly threads: number;
  /**
   * Bytes that tensors may fill: this computer's memory or the backend's own limit. For WebGPU, the largest single
   * buffer. Infinity where the browser does not tell.
   */
  readonly memoryLimitBytes: number;
}

/** The backend that was chosen. */
export interface BackendInfo extends Omit<StartedBackend, "note"> {
  readonly name: BackendName;
  /** One line: why this one. */
  readonly reason: string;
}

/** A backend that may be tried: `start` selects it in TensorFlow.js or throws a {@link BackendError} with the remedy. */
export interface Candidate {
  readonly name: BackendName;
  readonly start: () => Promise<StartedBackend>;
}
