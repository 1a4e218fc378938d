/** The stretches of a set-up, in order; `wait` is for another process that is setting up at the same time. */
export type SetupPhase = "check" | "wait" | "download" | "unpack" | "compile";

/** Progress of a set-up. Bytes are there for phases that move bytes. */
export interface SetupEvent {
  readonly phase: SetupPhase;
  /** A few words for the user. */
  readonly message: string;
  readonly bytes?: number;
  readonly totalBytes?: number;
}

/** What every step of a set-up is handed. */
export interface SetupContext {
  readonly report: (event: SetupEvent) => void;
  readonly signal?: AbortSignal | undefined;
}
